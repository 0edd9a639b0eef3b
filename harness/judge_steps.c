/* SPDX-License-Identifier: Apache-2.0 */
#include "judge_verdict.h"

#include "judge_suspect.h"

#include "mdcts/status.h"
#include "status_name.h"

#include <inttypes.h>
#include <string.h>

/* What walking the steps needs. */
struct walk {
    const struct verdict_context *context;
    struct case_record *record;
    struct case_verdict *verdict;
    bool own_ending;
};

static bool is_own(const struct walk *walk, const char *requirement)
{
    const char *own = walk->record->plan.requirement;
    return own != NULL && requirement != NULL && strcmp(own, requirement) == 0;
}

static const struct requirement *find_row(struct walk *walk, const char *id)
{
    const struct judge_facts *facts = walk->context->facts;
    const struct requirement *row = id == NULL ? NULL : requirement_find(facts->rows, id);
    if (row == NULL)
        walk->verdict->broken = arena_printf(facts->keep, "requirement %s is not in the trace",
                                             id == NULL ? "(none)" : id);
    return row;
}

static struct step_view make_view(struct walk *walk, const struct step *step, uint32_t number,
                                  const struct call_record *call, const struct requirement *row)
{
    return (struct step_view){.facts = walk->context->facts,
                              .record = walk->record,
                              .verdict = walk->verdict,
                              .watch = walk->context->watch,
                              .step = step,
                              .number = number,
                              .call = call,
                              .row = row};
}

/* The case can't be judged further because a step that it stands on failed; number 0: none of its
 * own.  Where an earlier question of its own has failed, that is the verdict. */
static void block(struct walk *walk, const char *requirement, uint32_t number, const char *code,
                  enum outcome outcome, const char *why)
{
    struct arena *keep = walk->context->facts->keep;
    struct case_verdict *verdict = walk->verdict;
    if (verdict->findings.worst >= OUTCOME_WARN)
        return;
    verdict->blocked_by = arena_strdup(keep, requirement);
    verdict->blocked_code = code;
    verdict->blocked_outcome = outcome;
    verdict->blocked_why =
        number == 0 ? arena_printf(keep, "by %s: %s", requirement, why)
                    : arena_printf(keep, "by %s, step %" PRIu32 ": %s", requirement, number, why);
}

/* ---- steps without expectations ---- */

/* Returns whether the case goes on. */
static bool judge_unscored(struct walk *walk, const struct step *step, uint32_t number,
                           const struct call_record *call)
{
    struct arena *keep = walk->context->facts->keep;
    bool may_refuse = false;
    const char *id = step_implicit_requirement(walk->context->facts, step, &may_refuse);
    if (call->status == SCARD_S_SUCCESS || step_provokes(step) || id == NULL)
        return true;
    const struct requirement *row = find_row(walk, id);
    if (row == NULL)
        return false;
    const char *words = status_words(keep, call->status);
    struct step_view view = make_view(walk, step, number, call, row);
    if (may_refuse && step_outcome(row, call) == OUTCOME_PASS) {
        walk->verdict->skip = arena_printf(keep, "%s answers %s", call->entry, words);
        return false;
    }
    enum outcome outcome = requirement_deviation(row);
    if (is_own(walk, id))
        step_report(&view, outcome, "success", words);
    else
        block(walk, id, number, status_text(keep, call->status), outcome,
              arena_printf(keep, "%s answered %s", call->entry, words));
    return false;
}

/* ---- steps with expectations ---- */

/* An expectation for an invariant's requirement: observed there, once for the whole run. */
static void judge_for_invariant(struct walk *walk, struct step_view *view)
{
    struct case_verdict apart = {.checks = 0};
    struct case_verdict *own = view->verdict;
    view->verdict = &apart;
    expect_judge(view);
    view->verdict = own;
    own->checks += apart.checks;
    if (own->broken == NULL)
        own->broken = apart.broken;
    for (size_t i = 0; i < apart.findings.count; i++)
        watch_observe(walk->context->watch, walk->record, view->row->id, &apart.findings.items[i]);
    if (apart.findings.count == 0 && apart.checks > 0 && apart.broken == NULL)
        watch_observe(walk->context->watch, walk->record, view->row->id, NULL);
}

/* A step whose expectations say nothing about the return code still stands for its requirement. */
static bool leaves_return_open(const struct step *step)
{
    for (size_t i = 0; i < step->expect_count; i++)
        if (step->expects[i].returns != RETURN_UNSAID)
            return false;
    return true;
}

static bool needs_success(const struct step *step)
{
    for (size_t i = 0; i < step->expect_count; i++) {
        const struct expectation *one = &step->expects[i];
        if (one->key.rule == KEY_ORACLE || one->key.rule == KEY_LENGTH || one->output_count > 0 ||
            one->entry_points != ENTRY_POINTS_UNSAID || one->public_key_valid ||
            one->index_distinct)
            return true;
    }
    return false;
}

static bool judge_scored(struct walk *walk, const struct step *step, uint32_t number,
                         const struct call_record *call)
{
    if (leaves_return_open(step) && needs_success(step) &&
        !judge_unscored(walk, step, number, call))
        return false;
    for (size_t i = 0; i < step->expect_count; i++) {
        const struct expectation *expected = &step->expects[i];
        const char *id =
            expected->requirement == NULL ? walk->record->plan.requirement : expected->requirement;
        const struct requirement *row = find_row(walk, id);
        if (row == NULL)
            return false;
        struct step_view view = make_view(walk, step, number, call, row);
        view.expected = expected;
        if (!is_own(walk, id) && watch_knows(id))
            judge_for_invariant(walk, &view);
        else
            expect_judge(&view);
    }
    return walk->verdict->blocked_by == NULL && !walk->verdict->doubtful;
}

static bool judge_call(struct walk *walk, const struct step *step, uint32_t number,
                       const struct call_record *call)
{
    /* The last round of a sweep, in which nothing was left to fail: the call has to work. */
    if (step->sweep.fault_count != 0 && walk->record->fault == NULL) {
        walk->verdict->checks++;
        return judge_unscored(walk, step, number, call);
    }
    return step->expect_count > 0 ? judge_scored(walk, step, number, call)
                                  : judge_unscored(walk, step, number, call);
}

/* ---- steps that came to nothing ---- */

static const char *why_not_run(const struct case_record *record, uint32_t number)
{
    for (size_t i = 0; i < record->not_run_count; i++)
        if (record->not_run[i].step == number)
            return record->not_run[i].text;
    return NULL;
}

/* The entry point is missing from the driver's table. */
static void judge_absent(struct walk *walk, const struct step *step, uint32_t number,
                         const struct call_record *call, const char *why)
{
    struct arena *keep = walk->context->facts->keep;
    bool scored = step->expect_count > 0, may_refuse = false;
    const char *id = step_implicit_requirement(walk->context->facts, step, &may_refuse);
    const char *text = arena_strdup(keep, why);
    if (may_refuse) {
        walk->verdict->skip = text;
        return;
    }
    if (scored || is_own(walk, id))
        id = walk->record->plan.requirement;
    const struct requirement *row = id == NULL ? NULL : find_row(walk, id);
    if (row == NULL)
        return;
    struct step_view view = make_view(walk, step, number, call, row);
    if (is_own(walk, id))
        step_report(&view, requirement_deviation(row), arena_printf(keep, "%s", call->entry), text);
    else
        block(walk, id, number, NULL, requirement_deviation(row), text);
}

static void judge_nothing(struct walk *walk, const struct step *step, uint32_t number,
                          const struct call_record *call)
{
    struct arena *keep = walk->context->facts->keep;
    const char *why = why_not_run(walk->record, number);
    bool failed_before = walk->verdict->findings.total > 0;
    bool pin_refused = node_get_bool(walk->context->facts->capabilities, "pin_refused", false);
    if (step->op == STEP_AUTHENTICATE && call == NULL && why != NULL && pin_refused)
        block(walk, "R242", number, NULL, OUTCOME_FAIL, arena_strdup(keep, why));
    else if (call != NULL && why != NULL)
        judge_absent(walk, step, number, call, why);
    else if (!failed_before && walk->verdict->broken == NULL)
        walk->verdict->broken = arena_printf(keep, "step %" PRIu32 " was not run: %s", number,
                                             why == NULL ? "the trace says nothing about it" : why);
}

/* Something that should have happened to the card did not.  What the card itself refuses another
 * client it lacks. */
static void judge_no_action(struct walk *walk, const struct step *step, uint32_t number,
                            const char *why)
{
    if (step->op == STEP_FOREIGN)
        walk->verdict->skip = arena_strdup(walk->context->facts->keep, why);
    else
        judge_nothing(walk, step, number, NULL);
}

/* ---- an early end ---- */

/* A crash is always as bad as can be; a call that never returns is so within the step's `worst`. */
static enum outcome ending_outcome(const struct walk *walk, const struct step *step)
{
    struct step_view view = {.expected = step->expect_count == 1 ? step->expects : NULL};
    return walk->record->ending.kind == EVENT_HANG ? step_capped(&view, OUTCOME_FAIL)
                                                   : OUTCOME_FAIL;
}

static void report_ending(struct walk *walk, const struct step *step, uint32_t number,
                          const char *requirement)
{
    struct arena *keep = walk->context->facts->keep;
    const struct ending *ending = &walk->record->ending;
    const char *entry = ending->entry == NULL ? "the driver" : ending->entry;
    const struct requirement *row = find_row(walk, requirement);
    struct step_view view = make_view(walk, step, number, NULL, row);
    if (row != NULL)
        step_report(&view, ending_outcome(walk, step), arena_printf(keep, "%s returns", entry),
                    arena_printf(keep, "%s: %s", entry, ending->text));
}

static void judge_ending(struct walk *walk, const struct step *step, uint32_t number)
{
    struct arena *keep = walk->context->facts->keep;
    const struct ending *ending = &walk->record->ending;
    const char *implicit =
        step == NULL ? NULL : step_implicit_requirement(walk->context->facts, step, NULL);
    bool own = step != NULL && (step->expect_count > 0 || is_own(walk, implicit));
    const char *entry = ending->entry == NULL ? "the driver" : ending->entry;
    if (own) {
        walk->own_ending = ending_outcome(walk, step) == OUTCOME_FAIL;
        report_ending(walk, step, number, walk->record->plan.requirement);
        if (ending->requirement != NULL && !is_own(walk, ending->requirement) &&
            requirement_find(walk->context->facts->rows, ending->requirement) != NULL)
            report_ending(walk, step, number, ending->requirement);
        return;
    }
    const struct shared_ending *shared =
        verdict_share_ending(walk->context, walk->record, implicit);
    const char *by = "a crash";
    if (shared != NULL)
        by = shared->requirement != NULL ? shared->requirement : shared->id;
    block(walk, by, number, NULL, OUTCOME_FAIL, arena_printf(keep, "%s: %s", entry, ending->text));
}

/* ---- the walk ---- */

/* The last call of each repetition; *last is the last call of all, returned or not. */
static size_t judge_calls(struct walk *walk, const struct step *step, uint32_t number,
                          const struct call_record **last, bool *go_on)
{
    const struct case_record *record = walk->record;
    size_t returned = 0;
    for (size_t i = 0; i < record->call_count && *go_on; i++) {
        const struct call_record *call = record->calls[i];
        if (call->step != number)
            continue;
        *last = call;
        size_t k = i + 1;
        while (k < record->call_count && record->calls[k]->step != number)
            k++;
        bool superseded = k < record->call_count &&
                          record->calls[k]->iteration == call->iteration &&
                          record->calls[k]->host == call->host;
        if (superseded || !call->returned)
            continue;
        returned++;
        suspects_note_call(walk->context->facts, record, call);
        *go_on = judge_call(walk, step, number, call);
    }
    return returned;
}

static bool is_left_out(const struct case_record *record, uint32_t number)
{
    for (size_t i = 0; i < record->not_run_count; i++)
        if (record->not_run[i].step == number && record->not_run[i].left_out)
            return true;
    return false;
}

static bool judge_relate(struct walk *walk, const struct step *step, uint32_t number)
{
    struct step_view view = make_view(walk, step, number, NULL, NULL);
    view.expected = step->expect_count > 0 ? &step->expects[0] : NULL;
    bool other = view.expected != NULL && view.expected->requirement != NULL;
    view.row = find_row(walk, other ? view.expected->requirement : walk->record->plan.requirement);
    if (view.row != NULL)
        relate_judge(&view);
    return view.row != NULL;
}

/* The end came in another step of the same block: how far this one had come by then is chance. */
static bool was_cut_short(const struct walk *walk, const struct step *step, uint32_t number)
{
    const struct case_record *record = walk->record;
    uint64_t end = record->ending.kind == EVENT_END ? 0 : record->ending.step;
    if (!step->beside || end <= number)
        return false;
    for (uint64_t i = number + 1; i <= end; i++) {
        const struct step *other = case_step(record, i);
        if (other == NULL || !other->beside || other->block != 0)
            return false;
    }
    return true;
}

/* Returns whether the case goes on. */
static bool judge_step(struct walk *walk, const struct step *step, uint32_t number)
{
    const struct ending *ending = &walk->record->ending;
    const struct call_record *last = NULL;
    bool go_on = true, left_out = step->condition != NULL && is_left_out(walk->record, number);
    if (step->op == STEP_RELATE)
        return left_out || judge_relate(walk, step, number);
    size_t returned = judge_calls(walk, step, number, &last, &go_on);
    bool ended_here =
        ending->kind != EVENT_END &&
        (ending->step == number || (returned == 0 && !left_out && step_entry(step) != NULL));
    if (returned == 0 && was_cut_short(walk, step, number))
        return true;
    if (go_on && ended_here) {
        judge_ending(walk, ending->step == number ? step : NULL,
                     ending->step == number ? number : 0);
        return false;
    }
    if (left_out || !go_on)
        return go_on;
    if (step_entry(step) != NULL && returned == 0) {
        judge_nothing(walk, step, number, last);
        return false;
    }
    const char *why = step_entry(step) == NULL ? why_not_run(walk->record, number) : NULL;
    if (why != NULL)
        judge_no_action(walk, step, number, why);
    return why == NULL;
}

void steps_judge(const struct verdict_context *context, struct case_record *record,
                 struct case_verdict *verdict, bool *own_ending)
{
    struct walk walk = {.context = context, .record = record, .verdict = verdict};
    bool go_on = true;
    for (size_t i = 0; i < record->plan.step_count && go_on && verdict->broken == NULL; i++)
        go_on = judge_step(&walk, &record->plan.steps[i], (uint32_t)i + 1);
    *own_ending = walk.own_ending;
    /* An end after the last step (CardDeleteContext by the harness, an atexit handler) is shared.
     */
    if (go_on && record->ending.kind != EVENT_END && !walk.own_ending)
        verdict_share_ending(context, record, NULL);
}
