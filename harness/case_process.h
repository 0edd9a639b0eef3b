/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of a case: hosts that have loaded the driver, each with a card connection of its
 * own.
 *
 * Every case has the first one; `acquire: {process: NAME}` starts another.  A context belongs to
 * the process that it was acquired in, and its calls are made there: run->host is the host of the
 * process that has been entered. */
#ifndef MDCTS_CASE_PROCESS_H
#define MDCTS_CASE_PROCESS_H

#include "case_run.h"

/* Starts the process if there is none of that name, and enters it.  NULL stands for the first one.
 * False if there can't be another. */
bool case_process_enter(struct case_run *run, const char *name);
void case_process_enter_nth(struct case_run *run, uint32_t process);

/* Ends all but the first one, which becomes the one that is entered. */
void case_process_end_others(struct case_run *run);

#endif
