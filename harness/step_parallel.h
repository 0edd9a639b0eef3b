/* SPDX-License-Identifier: Apache-2.0 */
/* Steps of a `parallel` block: their calls are prepared one after the other, run side by side, each
 * script on a thread of the host's, and are recorded as they begin and return.
 *
 * An index that an earlier step of the script brings is put into later calls by the host. Nothing
 * here depends on which script is faster. */
#ifndef MDCTS_STEP_PARALLEL_H
#define MDCTS_STEP_PARALLEL_H

#include "step_run.h"

/* Plays count steps, whose threads say which script each belongs to; the first has that number. */
void step_parallel_run(struct case_run *run, const struct step *steps, size_t count,
                       uint32_t number);

/* Whether an earlier step of the call's script makes the agreement of that name; then the call
 * knows it (step_beside) and its index comes later. */
bool parallel_makes(struct step_call *call, const char *name);

#endif
