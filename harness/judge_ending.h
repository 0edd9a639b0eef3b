/* SPDX-License-Identifier: Apache-2.0 */
/* What an event crash, hang, exit or killed says, and whose question it answers. */
#ifndef MDCTS_JUDGE_ENDING_H
#define MDCTS_JUDGE_ENDING_H

#include "judge_case.h"

/* "signal 11 SIGSEGV, read of address 0"; in keep, the same in each run.  The record knows the
 * blocks so far. */
const char *ending_text(struct arena *keep, const struct case_record *record,
                        const struct event *event);

/* A bad access at a guarded place answers that place's question; NULL: another end, another place.
 * entry may be NULL. */
const char *ending_requirement(const struct node *node, const char *entry);

#endif
