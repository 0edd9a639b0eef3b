/* SPDX-License-Identifier: Apache-2.0 */
/* Which requirements of level must have a case, but no mutant that shows that the case can fail. */
#ifndef MDCTS_MUTANT_GUARD_H
#define MDCTS_MUTANT_GUARD_H

#include "mutant_row.h"

/* Prints the requirements that a case or a watch covers and no row names; there shall be none.  The
 * cases are those of MDCTS_CASES, or the suite's.  Answers the exit code. */
int mutant_guard_check(const struct mutant_rows *rows);

#endif
