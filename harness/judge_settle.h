/* SPDX-License-Identifier: Apache-2.0 */
/* Who answers for the keys that are right for a wrong secret; decided when every case is in.
 *
 * Where the requirement that the secret breaks has failed in a case of its own, that failure is the
 * red line, and the cases that met the same secret are BLOCKED by it.  Where it has not, nothing
 * else shows the fault, and each of them keeps its FAIL. */
#ifndef MDCTS_JUDGE_SETTLE_H
#define MDCTS_JUDGE_SETTLE_H

#include "results.h"

/* Settles one case.  all: every case that was judged, itself too; waivers not yet applied.
 * Whatever the order of the calls, the answers are the same. */
void settle_secret(struct case_result *one, const struct case_result *const *all, size_t count,
                   struct arena *keep);

#endif
