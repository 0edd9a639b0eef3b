/* SPDX-License-Identifier: Apache-2.0 */
/* Reads what a step makes go wrong: `card` and `pcsc` (at a command to the card), and `sweep`. */
#ifndef MDCTS_SCENARIO_FAULT_H
#define MDCTS_SCENARIO_FAULT_H

#include "scenario.h"

/* The map of the attribute `card` or `pcsc`, as its key says. */
bool trouble_read(struct diags *diags, struct arena *keep, const struct node *node,
                  struct trouble *out);

/* The map of the attribute `sweep`. */
bool sweep_read(struct diags *diags, struct arena *keep, const struct node *node,
                struct sweep *out);

#endif
