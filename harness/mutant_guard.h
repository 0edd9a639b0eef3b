/* SPDX-License-Identifier: Apache-2.0 */
/* Which requirements of level must have a case, but no mutant that shows that the case can fail. */
#ifndef MDCTS_MUTANT_GUARD_H
#define MDCTS_MUTANT_GUARD_H

#include "mutant_row.h"

/* Prints those that no row names, with the reason that the third file gives; answers the exit code:
 * 1 if one has no reason, or a reason stands beside a row that names the requirement. */
int mutant_guard_check(struct mutant_rows *rows, const char *mdcts, const char *defects,
                       const char *reasons);

#endif
