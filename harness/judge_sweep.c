/* SPDX-License-Identifier: Apache-2.0 */
#include "judge_sweep.h"

#include <string.h>

/* What hides what: a round without a verdict of its own says least. */
static unsigned rank(enum verdict verdict)
{
    static const enum verdict order[] = {
        VERDICT_SKIP,    VERDICT_PASS, VERDICT_INFO,  VERDICT_WARN, VERDICT_WAIVED,
        VERDICT_BLOCKED, VERDICT_FAIL, VERDICT_CRASH, VERDICT_HANG, VERDICT_BROKEN};
    unsigned i = 0;
    while (order[i] != verdict)
        i++;
    return i;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* The same but for the fault behind it. */
static bool says_the_same(const struct finding *old, const struct finding *new)
{
    size_t len = new->observed == NULL ? 0 : strlen(new->observed);
    return old->step == new->step &&
           old->outcome == new->outcome &&same_text(old->requirement, new->requirement) &&
           same_text(old->expected, new->expected) &&
           old->observed !=
               NULL &&strncmp(old->observed, new->observed == NULL ? "" : new->observed, len) ==
               0 &&
           (old->observed[len] == '\0' || strncmp(old->observed + len, " (fault: ", 9) == 0);
}

static const char *with_fault(struct arena *keep, const char *text, const char *fault)
{
    if (fault == NULL || text == NULL)
        return text;
    return arena_printf(keep, "%s (fault: %s)", text, fault);
}

static void take_findings(struct arena *keep, struct sweep_rounds *rounds, const char *fault,
                          const struct case_result *one)
{
    for (size_t i = 0; i < one->finding_count; i++) {
        struct finding finding = one->findings[i];
        bool known = false;
        for (size_t k = 0; k < rounds->findings.count && !known; k++)
            known = says_the_same(&rounds->findings.items[k], &finding);
        finding.observed = with_fault(keep, finding.observed, fault);
        if (!known)
            finding_add(keep, &rounds->findings, &finding);
    }
}

void rounds_add(struct arena *keep, struct sweep_rounds *rounds, const struct case_record *record,
                const struct case_result *one, struct case_result *out)
{
    struct case_result before = *out;
    bool worse = rounds->count == 0 || rank(one->verdict) > rank(before.verdict);
    *out = *one;
    out->us = before.us + one->us;
    out->callbacks = before.callbacks + one->callbacks;
    out->verdict = worse ? one->verdict : before.verdict;
    out->reason = worse ? with_fault(keep, one->reason, record->fault) : before.reason;
    out->blocked_by = worse ? one->blocked_by : before.blocked_by;
    out->blocked_outcome = worse ? one->blocked_outcome : before.blocked_outcome;
    take_findings(keep, rounds, record->fault, one);
    out->findings = rounds->findings.items;
    out->finding_count = rounds->findings.count;
    out->findings_total = rounds->findings.total;
    out->rounds = ++rounds->count;
    rounds->struck += record->fault != NULL;
}

void rounds_end(struct sweep_rounds *rounds, const struct event *swept, struct case_result *out)
{
    out->rounds_left_out = node_get_bool(swept->node, "cut", false);
    if (node_get_uint(swept->node, "rounds", 0) != rounds->count) {
        out->verdict = VERDICT_BROKEN;
        out->reason = "not all rounds of the sweep are in the trace";
    } else if (rounds->struck == 0 && rank(out->verdict) <= rank(VERDICT_INFO)) {
        out->verdict = VERDICT_SKIP;
        out->reason = "the call never comes to the place of the fault";
    }
}

void rounds_cut(struct case_result *out)
{
    out->verdict = VERDICT_BROKEN;
    out->reason = "the run was cut short in this case";
}
