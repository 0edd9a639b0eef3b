/* SPDX-License-Identifier: Apache-2.0 */
#include "judge_verdict.h"

#include "fields.h"
#include "status_name.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static enum verdict ending_verdict(const struct ending *ending)
{
    return ending->kind == EVENT_HANG ? VERDICT_HANG : VERDICT_CRASH;
}

/* ---- crashes that many cases share ---- */

static void describe_shared(struct shared_ending *shared, const struct verdict_context *context,
                            const struct case_record *record)
{
    struct arena *keep = context->facts->keep;
    const struct ending *ending = &record->ending;
    const char *entry = ending->entry == NULL ? "the driver" : arena_strdup(keep, ending->entry);
    const struct step *step = case_step(record, ending->step);
    const char *file = step == NULL ? NULL : case_step_file(record, step);
    struct finding finding = {
        .requirement = shared->requirement,
        .outcome = OUTCOME_FAIL,
        .expected = arena_printf(keep, "%s returns", entry),
        .observed = arena_printf(keep, "%s: %s", entry, ending->text),
        .op = step == NULL ? NULL : arena_strdup(keep, step->op_name),
        .file = file == NULL ? NULL : arena_strdup(keep, file),
        .step = (uint32_t)ending->step,
        .line = step == NULL ? 0 : step->line,
    };
    finding_add(keep, &shared->findings, &finding);
}

struct shared_ending *verdict_share_ending(const struct verdict_context *context,
                                           const struct case_record *record,
                                           const char *requirement)
{
    struct arena *keep = context->facts->keep;
    struct shared_endings *all = context->endings;
    const struct ending *ending = &record->ending;
    if (ending->requirement != NULL &&
        requirement_find(context->facts->rows, ending->requirement) != NULL)
        requirement = ending->requirement;
    else if (requirement == NULL)
        requirement = entry_implicit_requirement(ending->entry);
    const char *id =
        arena_printf(keep, "%s/%s%s%s", verdict_key(ending_verdict(ending)),
                     ending->entry == NULL ? "outside-calls" : ending->entry,
                     requirement == NULL ? "" : "/", requirement == NULL ? "" : requirement);
    struct shared_ending *shared = NULL;
    for (size_t i = 0; i < all->count; i++)
        if (strcmp(all->items[i].id, id) == 0)
            shared = &all->items[i];
    if (shared == NULL && all->count == SHARED_ENDINGS_MAX)
        return NULL;
    if (shared == NULL) {
        shared = &all->items[all->count++];
        shared->id = id;
        shared->requirement = requirement == NULL ? NULL : arena_strdup(keep, requirement);
        shared->verdict = ending_verdict(ending);
        describe_shared(shared, context, record);
    }
    shared->case_total++;
    if (shared->case_count < WATCHED_CASES_MAX)
        shared->cases[shared->case_count++] =
            arena_strdup(keep, record->plan.id == NULL ? "probe" : record->plan.id);
    return shared;
}

/* ---- the verdict ---- */

static void set_verdict(struct case_result *out, enum verdict verdict, const char *reason)
{
    out->verdict = verdict;
    out->reason = reason;
}

static void judge_load(const struct verdict_context *context, struct case_record *record,
                       struct case_verdict *verdict)
{
    struct arena *keep = context->facts->keep;
    verdict->blocked_by = "R001";
    verdict->blocked_outcome = OUTCOME_FAIL;
    verdict->blocked_why = arena_printf(keep, "by R001: %s", record->load_error);
}

/* What is missing from the record for any verdict; NULL: nothing. */
static const char *record_problem(const struct verdict_context *context,
                                  const struct case_record *record)
{
    if (record->broken != NULL)
        return arena_strdup(context->facts->keep, record->broken);
    if (!record->ended && !context->complete)
        return "the run was cut short in this case";
    if (!record->begun)
        return "the case was planned but never begun";
    return record->ended ? NULL : "the case has no end";
}

static void conclude(const struct case_verdict *verdict, struct case_result *out)
{
    if (verdict->findings.worst >= OUTCOME_WARN)
        set_verdict(out, verdict_of_outcome(verdict->findings.worst), NULL);
    else if (verdict->blocked_by != NULL)
        set_verdict(out, VERDICT_BLOCKED, verdict->blocked_why);
    else if (verdict->skip != NULL)
        set_verdict(out, VERDICT_SKIP, verdict->skip);
    else if (verdict->checks == 0 && verdict->findings.total == 0)
        set_verdict(out, VERDICT_BROKEN, "no question of the case was reached");
    else
        set_verdict(out, verdict_of_outcome(verdict->findings.worst), NULL);
}

static void describe_case(const struct verdict_context *context, const struct case_record *record,
                          struct case_result *out)
{
    struct arena *keep = context->facts->keep;
    const struct planned *plan = &record->plan;
    *out =
        (struct case_result){.line = plan->line, .us = record->us, .callbacks = record->callbacks};
    out->id = arena_strdup(keep, plan->id);
    out->requirement = plan->requirement == NULL ? NULL : arena_strdup(keep, plan->requirement);
    out->about = plan->about == NULL ? NULL : arena_strdup(keep, plan->about);
    out->file = plan->file == NULL ? NULL : arena_strdup(keep, plan->file);
    out->repro = results_repro(keep, context->facts->header, plan->id);
}

static void take_findings(const struct case_verdict *verdict, struct case_result *out)
{
    out->findings = verdict->findings.items;
    out->finding_count = verdict->findings.count;
    out->findings_total = verdict->findings.total;
    if (out->verdict == VERDICT_BLOCKED) {
        out->blocked_by = verdict->blocked_by;
        out->blocked_outcome = verdict->blocked_outcome;
    }
}

void verdict_make(const struct verdict_context *context, struct case_record *record,
                  struct case_verdict *verdict, struct case_result *out)
{
    struct arena *keep = context->facts->keep;
    bool own_ending = false;
    describe_case(context, record, out);
    if (record->plan.skip != NULL) {
        set_verdict(out, VERDICT_SKIP, arena_strdup(keep, record->plan.skip));
        return;
    }
    const char *problem = record_problem(context, record);
    if (problem == NULL && record->load_error != NULL)
        judge_load(context, record, verdict);
    else if (problem == NULL)
        steps_judge(context, record, verdict, &own_ending);
    if (problem == NULL)
        problem = verdict->broken;
    if (problem != NULL)
        set_verdict(out, VERDICT_BROKEN, problem);
    else if (own_ending)
        set_verdict(out, ending_verdict(&record->ending), arena_strdup(keep, record->ending.text));
    else
        conclude(verdict, out);
    take_findings(verdict, out);
}

/* ---- waivers ---- */

static bool waiver_is_valid(const struct judge_facts *facts, const struct node *waiver)
{
    const char *expires = node_get_text(waiver, "expires");
    const char *date = node_get_text(facts->header, "date");
    const char *wanted = node_get_text(waiver, "driver_hash");
    const char *driver = node_get_text(node_get(facts->header, "driver"), "sha256");
    if (wanted != NULL && (driver == NULL || strcasecmp(wanted, driver) != 0))
        return false;
    /* ISO dates compare as text; without the run's date nothing that expires is forgiven. */
    return expires == NULL || (date != NULL && strncmp(date, expires, 10) <= 0);
}

/* A waiver's code is a name or a number; an observed one is a name where it has one. */
static bool same_code(const struct node *wanted, const char *observed)
{
    uint32_t a, b;
    uint64_t number;
    const char *name = node_text(wanted);
    if (name == NULL || observed == NULL)
        return false;
    if (node_to_uint(wanted, &number))
        a = (uint32_t)number;
    else if (!status_from_name(name, &a))
        return false;
    if (!status_from_name(observed, &b))
        b = (uint32_t)strtoul(observed, NULL, 16);
    return a == b;
}

static bool waiver_names(const struct node *waiver, const struct case_result *one,
                         const char *requirement, const char *code)
{
    const char *its_requirement = node_get_text(waiver, "requirement");
    const struct node *its_code = node_get(waiver, "code");
    const char *its_cases = node_get_text(waiver, "cases");
    if (its_requirement == NULL && its_cases == NULL)
        return false;
    if (its_requirement != NULL &&
        (requirement == NULL || strcmp(its_requirement, requirement) != 0))
        return false;
    if (its_code != NULL && !same_code(its_code, code))
        return false;
    return its_cases == NULL || glob_matches(its_cases, one->id);
}

static const char *find_waiver(const struct judge_facts *facts, const struct case_result *one,
                               const char *requirement, const char *code)
{
    const struct node *list = node_get(node_get(facts->header, "profile"), "waivers");
    for (const struct node *waiver = list == NULL ? NULL : list->first; waiver != NULL;
         waiver = waiver->next) {
        const char *reason = node_get_text(waiver, "reason");
        if (reason != NULL && waiver_is_valid(facts, waiver) &&
            waiver_names(waiver, one, requirement, code))
            return reason;
    }
    return NULL;
}

void verdict_waive(const struct judge_facts *facts, struct case_result *one)
{
    bool all = true;
    const char *reason = NULL;
    bool judged = one->verdict == VERDICT_WARN || one->verdict == VERDICT_FAIL ||
                  one->verdict == VERDICT_CRASH || one->verdict == VERDICT_HANG;
    if (!judged || one->findings_total > one->finding_count)
        return; /* what isn't listed can't be forgiven */
    for (size_t i = 0; i < one->finding_count; i++) {
        struct finding *finding = &one->findings[i];
        if (finding->outcome < OUTCOME_WARN)
            continue;
        finding->waiver = find_waiver(facts, one, finding->requirement, finding->code);
        all = all && finding->waiver != NULL;
        reason = finding->waiver;
    }
    if (all && reason != NULL)
        set_verdict(one, VERDICT_WAIVED, reason);
}
