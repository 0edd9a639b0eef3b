/* SPDX-License-Identifier: Apache-2.0 */
/* A case's matrix: its combinations, their names, and steps with the variables replaced.
 *
 * Combinations are numbered, the last variable running fastest, so that nothing is kept per
 * combination. */
#ifndef MDCTS_MATRIX_H
#define MDCTS_MATRIX_H

#include "base/node.h"

#define MATRIX_VARIABLES_MAX    8
#define MATRIX_COMBINATIONS_MAX 10000 /* concrete cases of one case */

struct matrix_variable {
    const char *name;
    const struct node **values; /* ranges are spelt out */
    size_t count;
};

struct matrix {
    struct matrix_variable variables[MATRIX_VARIABLES_MAX];
    size_t variable_count;
    size_t combinations; /* 1 without a matrix */
};

/* node may be NULL: no matrix, one combination. */
bool matrix_read(struct diags *diags, struct arena *keep, const struct node *node,
                 struct matrix *out);

/* "derive/hash/named[curve=P-256,hash=SHA1]"; the base id alone without a matrix. */
const char *matrix_id(struct arena *keep, const struct matrix *matrix, const char *base,
                      size_t combination);

/* A copy of from in which every scalar that is $VARIABLE or $VARIABLE.FIELD was replaced by its
 * value. Other $names stay: earlier steps bind them.  False, with diagnostics, for an unknown
 * field. */
bool matrix_expand(struct diags *diags, struct arena *keep, const struct matrix *matrix,
                   size_t combination, const struct node *from, struct node **out);

#endif
