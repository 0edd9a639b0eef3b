/* SPDX-License-Identifier: Apache-2.0 */
/* What a case needs from driver and card, said by `requires` or implied by its steps, against what
 * the capabilities offer. */
#ifndef MDCTS_PLAN_REQUIRE_H
#define MDCTS_PLAN_REQUIRE_H

#include "scenario.h"

/* Checks keys and kinds of a `requires` map; NULL is fine. */
bool require_check(struct diags *diags, const struct node *requires);

struct require_case {
    const struct node *said[2]; /* `requires` of the fixture and of the case; either may be NULL */
    const struct step *steps;   /* expanded, fixture steps first */
    size_t step_count;
};

/* Why the case can't run with these capabilities and so many readers, in keep; NULL if it can. */
const char *require_missing(struct arena *keep, const struct require_case *needs,
                            const struct node *capabilities, bool virtual_reader, size_t readers);

#endif
