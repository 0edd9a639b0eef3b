/* SPDX-License-Identifier: Apache-2.0 */
/* Which requirements of level must have a case, but no mutant that shows that the case can fail. */
#ifndef MDCTS_MUTANT_GUARD_H
#define MDCTS_MUTANT_GUARD_H

#include "mutant_row.h"

/* Prints the requirements that a case or a watch covers and no row names, each with its reason from
 * the file of UNGUARDED_ROW(Rnnn, "reason").  The cases are those of MDCTS_CASES, or the suite's.
 * Answers the exit code: 1 if one has no reason, or a reason is about another requirement. */
int mutant_guard_check(const struct mutant_rows *rows, const char *reasons);

#endif
