/* SPDX-License-Identifier: Apache-2.0 */
#include "judge_settle.h"

#include "judge_suspect.h"

#include <inttypes.h>
#include <string.h>

/* The cases that somebody has to look at. */
struct settle {
    struct arena *keep;
    const struct watch *watch;
    struct case_result **items;
    size_t count;
};

static bool names(const char *requirement, const char *wanted)
{
    return requirement != NULL && strcmp(requirement, wanted) == 0;
}

/* ---- whose fault a finding is ---- */

static const struct suspect *find_culprit(const struct settle *settle, struct finding *finding);

static bool shares(const struct finding *finding, const struct tally *tally)
{
    for (size_t i = 0; i < finding->suspect_count; i++)
        if (finding->suspects[i].tally == tally)
            return true;
    return tally == NULL;
}

/* What invariants have seen was asked of nothing else. */
static bool was_observed(const struct settle *settle, const struct suspect *suspect,
                         enum outcome outcome)
{
    for (size_t i = 0; suspect->tally == NULL && i < settle->watch->count; i++)
        if (settle->watch->items[i].worst >= outcome &&
            names(settle->watch->items[i].requirement, suspect->requirement))
            return true;
    return false;
}

/* A finding that is itself somebody else's fault tells nothing about its own requirement. */
static bool failed_in_own_case(const struct settle *settle, const struct suspect *suspect,
                               enum outcome outcome)
{
    for (size_t i = 0; i < settle->count; i++) {
        struct case_result *one = settle->items[i];
        if (!names(one->requirement, suspect->requirement))
            continue;
        for (size_t k = 0; k < one->finding_count; k++)
            if (one->findings[k].outcome >= outcome &&
                names(one->findings[k].requirement, suspect->requirement) &&
                shares(&one->findings[k], suspect->tally) &&
                find_culprit(settle, &one->findings[k]) == NULL)
                return true;
    }
    return false;
}

static bool failed_itself(const struct settle *settle, const struct suspect *suspect,
                          enum outcome outcome)
{
    return failed_in_own_case(settle, suspect, outcome) || was_observed(settle, suspect, outcome);
}

static const struct suspect *find_culprit(const struct settle *settle, struct finding *finding)
{
    if (finding->settling != UNSETTLED)
        return finding->due_to;
    finding->settling = SETTLING;
    for (size_t i = 0; i < finding->suspect_count && finding->due_to == NULL; i++) {
        const struct suspect *one = &finding->suspects[i];
        if (names(finding->requirement, one->requirement)) {
            if (one->tally == NULL || one->tally->right == 0)
                break;
        } else if ((one->tally == NULL || one->tally->right == 0) &&
                   failed_itself(settle, one, finding->outcome))
            finding->due_to = one;
    }
    finding->settling = SETTLED;
    return finding->due_to;
}

/* What an invariant saw in a case that is about something else is told once, by the cases that are
 * about the invariant; where those passed, the case shows what they don't. */
static void settle_observed(const struct settle *settle, struct case_result *one)
{
    for (size_t i = 0; i < one->finding_count; i++) {
        struct finding *finding = &one->findings[i];
        const struct suspect itself = {finding->requirement, NULL};
        if (finding->requirement == NULL || names(one->requirement, finding->requirement) ||
            !was_observed(settle, &itself, finding->outcome) ||
            !failed_in_own_case(settle, &itself, finding->outcome))
            continue;
        struct suspect *kept = arena_new(settle->keep, struct suspect);
        *kept = itself;
        finding->due_to = kept;
        finding->settling = SETTLED;
    }
}

/* ---- the case without such findings ---- */

static void block(const struct settle *settle, struct case_result *one, const char *by,
                  const char *why)
{
    one->verdict = VERDICT_BLOCKED;
    one->reason = arena_printf(settle->keep, "by %s, %s", by, why);
    one->blocked_by = by;
    one->blocked_outcome = OUTCOME_FAIL;
}

/* Another finding that somebody has to look at stays the verdict. */
static void leave_out(const struct settle *settle, struct case_result *one)
{
    size_t kept = 0;
    struct finding first = {.due_to = NULL};
    enum outcome worst = OUTCOME_PASS, left_out = OUTCOME_PASS;
    for (size_t i = 0; i < one->finding_count; i++) {
        const struct finding *finding = &one->findings[i];
        if (finding->due_to == NULL) {
            worst = finding->outcome > worst ? finding->outcome : worst;
            one->findings[kept++] = *finding;
            continue;
        }
        left_out = finding->outcome > left_out ? finding->outcome : left_out;
        if (first.due_to == NULL)
            first = *finding;
    }
    if (first.due_to == NULL)
        return;
    one->findings_total -= one->finding_count - kept;
    one->finding_count = kept;
    one->verdict = verdict_of_outcome(worst);
    if (worst >= OUTCOME_WARN)
        return;
    block(settle, one, first.due_to->requirement,
          arena_printf(settle->keep, "step %" PRIu32 ": %s", first.step, first.observed));
    one->blocked_outcome = left_out;
}

/* ---- crashes ---- */

static bool crashed(const struct case_result *one)
{
    return (one->verdict == VERDICT_CRASH || one->verdict == VERDICT_HANG) &&
           one->finding_count > 0 && one->findings[0].observed != NULL;
}

/* Which block it was, and in which step it came and went, differs from case to case. */
static bool is_number_of_case(const char *text, const char *at)
{
    static const char *const words[] = {" block ", " in step "};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t len = strlen(words[i]);
        if ((size_t)(at - text) >= len && memcmp(at - len, words[i], len) == 0)
            return true;
    }
    return false;
}

static bool same_but_for_numbers(const char *text, const char *other)
{
    const char *a = text, *b = other;
    for (; *a != '\0' && *a == *b; a++, b++)
        if (is_number_of_case(text, a + 1) && is_number_of_case(other, b + 1)) {
            a += strspn(a + 1, "0123456789");
            b += strspn(b + 1, "0123456789");
        }
    return *a == *b;
}

static bool is_same_end(const struct case_result *one, const struct shared_ending *shared)
{
    return crashed(one) && shared->findings.count > 0 &&
           same_but_for_numbers(one->findings[0].observed, shared->findings.items[0].observed);
}

/* Cases of the requirement that the shared end is charged to met it too: so ends the plain call. */
static bool is_plain(const struct settle *settle, const struct shared_ending *shared)
{
    for (size_t i = 0; shared->requirement != NULL && i < settle->count; i++)
        if (names(settle->items[i]->requirement, shared->requirement) &&
            is_same_end(settle->items[i], shared))
            return true;
    return false;
}

static void settle_ending(const struct settle *settle, const struct shared_ending *shared)
{
    if (!is_plain(settle, shared))
        return;
    for (size_t i = 0; i < settle->count; i++) {
        struct case_result *one = settle->items[i];
        if (!is_same_end(one, shared))
            continue;
        one->finding_count = 0;
        one->findings_total = 0;
        block(settle, one, shared->requirement, shared->findings.items[0].observed);
    }
}

void settle_cases(struct arena *keep, struct case_result *const *all, size_t count,
                  const struct shared_endings *endings, const struct watch *watch)
{
    struct settle settle = {
        .keep = keep, .watch = watch, .items = arena_array(keep, struct case_result *, count)};
    for (size_t i = 0; i < count; i++)
        if (all[i]->verdict == VERDICT_WARN || all[i]->verdict == VERDICT_FAIL || crashed(all[i]))
            settle.items[settle.count++] = all[i];
    for (size_t i = 0; i < settle.count; i++)
        if (!crashed(settle.items[i]))
            settle_observed(&settle, settle.items[i]);
    for (size_t i = 0; i < settle.count; i++)
        for (size_t k = 0; k < settle.items[i]->finding_count; k++)
            find_culprit(&settle, &settle.items[i]->findings[k]);
    for (size_t i = 0; i < settle.count; i++)
        if (!crashed(settle.items[i]))
            leave_out(&settle, settle.items[i]);
    for (size_t i = 0; i < endings->count; i++)
        settle_ending(&settle, &endings->items[i]);
}
