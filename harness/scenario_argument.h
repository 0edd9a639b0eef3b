/* SPDX-License-Identifier: Apache-2.0 */
/* The operations of the case language and their arguments: the tables, and the check of a step
 * against them.  The tables also feed "did you mean" and the texts of lint and explain. */
#ifndef MDCTS_SCENARIO_ARGUMENT_H
#define MDCTS_SCENARIO_ARGUMENT_H

#include "scenario.h"

struct op_row {
    const char *name;
    enum step_op op;
    const char *entry; /* the entry point; NULL: none, or it depends on version or arguments */
    const char *words; /* for explain: what the step does */
};

const struct op_row *op_find(const char *name);
const struct op_row *op_by_number(enum step_op op);
/* Every operation's name, for "did you mean". */
const char *const *op_names(size_t *count);

/* Checks names, kinds and completeness of an operation's arguments. */
bool arguments_check(struct diags *diags, const struct op_row *op, const struct node *args);

/* Kinds that expectations use too. */
bool argument_is_kdf(struct diags *diags, const struct node *node, const char *what);
bool argument_is_flags(struct diags *diags, const struct node *node, const char *what);
bool argument_is_parameters(struct diags *diags, const struct node *node, const char *what);

#endif
