/* SPDX-License-Identifier: Apache-2.0 */
/* Which cases answer for which requirement. */
#ifndef MDCTS_COVERAGE_H
#define MDCTS_COVERAGE_H

#include "scenario.h"

/* Whether the case is about the requirement, or one of its steps expects something `for` it. */
bool coverage_has(const struct scenario_case *c, const char *requirement);

/* How many cases of the scenario do. */
size_t coverage_count(const struct scenario *scenario, const char *requirement);

#endif
