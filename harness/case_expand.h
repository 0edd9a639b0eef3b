/* SPDX-License-Identifier: Apache-2.0 */
/* One concrete case: fixture and case steps of one combination of the matrix. */
#ifndef MDCTS_CASE_EXPAND_H
#define MDCTS_CASE_EXPAND_H

#include "matrix.h"
#include "scenario.h"

struct expanded_case {
    const struct scenario_case *base;
    struct node *requires[2];  /* of the fixture, of the case; NULL where there is none */
    const struct node **nodes; /* steps, fixture steps first */
    size_t fixture_steps, step_count;
};

/* Replaces the variables.  The case's fixture must have been resolved. */
bool case_expand(struct diags *diags, struct arena *keep, const struct scenario_case *base,
                 const struct matrix *matrix, size_t combination, struct expanded_case *out);

/* Reads every step; *out has step_count elements. */
bool case_read_steps(struct diags *diags, struct arena *keep, const struct expanded_case *expanded,
                     struct step **out);

#endif
