/* SPDX-License-Identifier: Apache-2.0 */
/* What a step expects: the `expect` of the case language. */
#ifndef MDCTS_SCENARIO_EXPECT_H
#define MDCTS_SCENARIO_EXPECT_H

#include "scenario.h"

/* Reads a map, or a list of maps that each say whose they are with `for`. */
bool expectations_read(struct diags *diags, struct arena *keep, const struct node *node,
                       struct expectation **out, size_t *count);

#endif
