/* SPDX-License-Identifier: Apache-2.0 */
/* One defect is one red line: findings that are another requirement's fault (judge_suspect.h) block
 * their case instead of failing it, if that requirement has failed in a case of its own or as an
 * invariant.  What an invariant saw in a case about something else blocks that case, too, if a case
 * about the invariant failed: invariant/Rnnn lists them all.  So do crashes by which the plain use
 * of an entry point ends everywhere: reported once as crash/CardAcquireContext/R010, they block
 * whoever else met them. */
#ifndef MDCTS_JUDGE_SETTLE_H
#define MDCTS_JUDGE_SETTLE_H

#include "judge_verdict.h"

/* Settles all cases of a run; a waiver is looked for afterwards. */
void settle_cases(struct arena *keep, struct case_result *const *all, size_t count,
                  const struct shared_endings *endings, const struct watch *watch);

#endif
