/* SPDX-License-Identifier: Apache-2.0 */
#include "mutant_guard.h"

int mutant_guard_check(struct mutant_rows *rows, const char *mdcts, const char *defects,
                       const char *reasons)
{
    (void)rows, (void)mdcts, (void)defects, (void)reasons;
    return 0;
}
