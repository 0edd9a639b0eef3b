/* SPDX-License-Identifier: Apache-2.0 */
#include "judge_settle.h"

#include <inttypes.h>
#include <string.h>

static bool names(const char *requirement, const char *wanted)
{
    return requirement != NULL && strcmp(requirement, wanted) == 0;
}

/* A finding that is itself somebody else's fault tells nothing about its own requirement. */
static bool failed_itself(const struct case_result *one, const char *requirement)
{
    if (!names(one->requirement, requirement))
        return false;
    for (size_t i = 0; i < one->finding_count; i++) {
        const struct finding *finding = &one->findings[i];
        if (finding->outcome == OUTCOME_FAIL && finding->fault_of == NULL &&
            names(finding->requirement, requirement))
            return true;
    }
    return false;
}

static const struct finding *find_fault(const struct case_result *one)
{
    for (size_t i = 0; i < one->finding_count; i++)
        if (one->findings[i].fault_of != NULL)
            return &one->findings[i];
    return NULL;
}

/* The case without the findings of that fault, of which a sweep's rounds may have several; another
 * one that somebody has to look at stays the verdict. */
static void block(struct case_result *one, const struct finding *fault, struct arena *keep)
{
    size_t kept = 0;
    enum outcome worst = OUTCOME_PASS;
    const char *by = fault->fault_of;
    const char *why =
        arena_printf(keep, "by %s, step %" PRIu32 ": %s", by, fault->step, fault->observed);
    for (size_t i = 0; i < one->finding_count; i++)
        if (one->findings[i].fault_of == NULL || !names(one->findings[i].fault_of, by))
            one->findings[kept++] = one->findings[i];
    one->findings_total -= one->finding_count - kept;
    one->finding_count = kept;
    for (size_t i = 0; i < kept; i++)
        worst = one->findings[i].outcome > worst ? one->findings[i].outcome : worst;
    one->verdict = verdict_of_outcome(worst);
    if (worst >= OUTCOME_WARN)
        return;
    one->verdict = VERDICT_BLOCKED;
    one->reason = why;
    one->blocked_by = by;
    one->blocked_outcome = OUTCOME_FAIL;
}

static bool any_failed_itself(const struct case_result *const *all, size_t count,
                              const char *requirement)
{
    for (size_t i = 0; i < count; i++)
        if (failed_itself(all[i], requirement))
            return true;
    return false;
}

void settle_secret(struct case_result *one, const struct case_result *const *all, size_t count,
                   struct arena *keep)
{
    const struct finding *fault = find_fault(one);
    /* Two expectations of one step may have met the same secret. */
    while (fault != NULL && one->verdict == VERDICT_FAIL &&
           any_failed_itself(all, count, fault->fault_of)) {
        block(one, fault, keep);
        fault = find_fault(one);
    }
}
