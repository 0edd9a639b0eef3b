/* SPDX-License-Identifier: Apache-2.0 */
#include "judge.h"

#include "judge_settle.h"
#include "judge_suspect.h"
#include "judge_sweep.h"
#include "judge_verdict.h"
#include "places.h"
#include "reconcile.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A planned case: where its plan stands, and what is known while its events come in. */
struct slot {
    uint64_t offset;
    struct case_record *record; /* while its events come */
    struct case_verdict *verdict;
    struct case_result result;
    struct sweep_rounds rounds; /* a swept case's, behind it */
    bool done;
};

struct judge {
    struct diags *diags;
    struct arena *keep;
    struct trace_reader reader;
    struct results *results;
    const struct node *places; /* names of code; NULL: none */
    struct oracle *oracle;
    struct judge_facts facts;
    struct tallies tallies;
    struct watch watch;
    struct shared_endings endings;
    struct verdict_context context;
    struct slot *slots;
    size_t slot_count, slot_capacity;
    struct case_record probing; /* events before the first case */
    struct case_verdict probing_verdict;
    const char *probing_broken; /* the first fault of ours in it; NULL: none */
    bool has_header, done;
};

static bool bad_trace(struct judge *judge, const char *why)
{
    struct source_pos at = {.file = judge->reader.path, .line = judge->reader.line};
    return diag_error(judge->diags, at, "%s", why);
}

/* ---- head of the trace ---- */

static bool take_header(struct judge *judge, const struct node *header)
{
    uint64_t format;
    const char *suite = node_get_text(header, "suite");
    if (judge->has_header)
        return bad_trace(judge, "a second header");
    if (!node_to_uint(node_get(header, "format"), &format))
        return bad_trace(judge, "the header has no format");
    if (format != TRACE_FORMAT)
        return bad_trace(judge,
                         arena_printf(judge->keep,
                                      "format %" PRIu64 " is not known; this version reads %d",
                                      format, TRACE_FORMAT));
    judge->has_header = true;
    judge->facts.header = node_copy(judge->keep, header);
    judge->results->header = judge->facts.header;
    judge->results->suite = suite == NULL ? "unknown" : arena_strdup(judge->keep, suite);
    return true;
}

static bool take_requirement(struct judge *judge, const struct node *row)
{
    return requirements_add_row(judge->diags, judge->keep, node_copy(judge->keep, row),
                                &judge->results->rows);
}

static bool take_capabilities(struct judge *judge, const struct node *capabilities)
{
    judge->facts.capabilities = node_copy(judge->keep, capabilities);
    judge->facts.key.capabilities = judge->facts.capabilities;
    return true;
}

static bool take_plan(struct judge *judge, const struct node *plan, uint64_t offset)
{
    uint64_t n;
    if (!node_to_uint(node_get(plan, "n"), &n) || n != judge->slot_count)
        return bad_trace(judge, "planned cases are not numbered in order");
    if (judge->slot_count == PLAN_CASES_MAX)
        return bad_trace(judge, "more than PLAN_CASES_MAX cases");
    judge->slots = arena_grow(judge->keep, judge->slots, judge->slot_count, &judge->slot_capacity,
                              sizeof *judge->slots);
    judge->slots[judge->slot_count++] = (struct slot){.offset = offset};
    return true;
}

/* ---- cases ---- */

static bool open_slot(struct judge *judge, struct slot *slot)
{
    struct arena scratch = {0};
    struct node *line = trace_read_at(judge->diags, &judge->reader, &scratch, slot->offset);
    const struct node *plan = node_get(line, "case");
    bool ok = plan != NULL;
    if (ok) {
        slot->record = arena_new(judge->keep, struct case_record);
        slot->verdict = arena_new(judge->keep, struct case_verdict);
        ok = case_record_start(judge->diags, slot->record, node_copy(&slot->record->arena, plan));
    }
    arena_free(&scratch);
    return ok;
}

/* A round of a sweep is judged like a case, and its result joins those before. */
static void close_slot(struct judge *judge, struct slot *slot)
{
    struct case_result one;
    bool swept = slot->record->round != 0;
    verdict_make(&judge->context, slot->record, slot->verdict, &one);
    if (swept)
        rounds_add(judge->keep, &slot->rounds, slot->record, &one, &slot->result);
    else
        slot->result = one;
    case_record_free(slot->record);
    slot->record = NULL;
    slot->done = !swept;
}

static void feed(struct judge *judge, struct case_record *record, struct case_verdict *verdict,
                 const struct event *event)
{
    case_record_feed(record, event);
    watch_event(&judge->watch, record, verdict, event);
}

static void restart_probing(struct judge *judge)
{
    if (judge->probing.ending.kind != EVENT_END && judge->probing.broken == NULL)
        verdict_share_ending(&judge->context, &judge->probing, NULL);
    if (judge->probing.broken != NULL && judge->probing_broken == NULL)
        judge->probing_broken = arena_strdup(judge->keep, judge->probing.broken);
    case_record_free(&judge->probing);
    judge->probing.ending.kind = EVENT_END;
    judge->probing.plan.n = EVENT_NO_CASE;
}

static bool take_event(struct judge *judge, const struct node *line)
{
    struct event event;
    if (!event_read(line, &event))
        return bad_trace(judge, "a line that is no part of a trace");
    if (event.case_n == EVENT_NO_CASE) {
        if (event.kind == EVENT_BEGIN)
            restart_probing(judge); /* each probe is a host of its own */
        feed(judge, &judge->probing, &judge->probing_verdict, &event);
        return true;
    }
    if (event.case_n >= judge->slot_count)
        return bad_trace(judge, "an event of a case that was not planned");
    struct slot *slot = &judge->slots[event.case_n];
    if (event.kind == EVENT_SWEPT && slot->record == NULL && slot->rounds.count > 0) {
        rounds_end(&slot->rounds, &event, &slot->result);
        slot->done = true;
        return true;
    }
    if (slot->done) {
        slot->result.verdict = VERDICT_BROKEN;
        slot->result.reason = "an event after the end of the case";
        return true;
    }
    if (slot->record == NULL && !open_slot(judge, slot))
        return false;
    feed(judge, slot->record, slot->verdict, &event);
    if (event.kind == EVENT_END)
        close_slot(judge, slot);
    return true;
}

static bool take_line(struct judge *judge, const struct node *line, uint64_t offset)
{
    const struct node *part;
    if (!judge->has_header && node_get(line, "trace") == NULL)
        return bad_trace(judge, "is no trace: the first line has to be its header");
    if ((part = node_get(line, "trace")) != NULL)
        return take_header(judge, part);
    if ((part = node_get(line, "requirement")) != NULL)
        return take_requirement(judge, part);
    if ((part = node_get(line, "capabilities")) != NULL)
        return take_capabilities(judge, part);
    if ((part = node_get(line, "case")) != NULL)
        return take_plan(judge, part, offset);
    if ((part = node_get(line, "places")) != NULL) {
        judge->places = node_copy(judge->keep, part);
        return true;
    }
    if ((part = node_get(line, "end")) != NULL) {
        judge->results->complete = node_get_bool(part, "complete", false);
        judge->context.complete = judge->results->complete;
        return true;
    }
    return take_event(judge, line);
}

static bool read_lines(struct judge *judge)
{
    enum trace_status status = TRACE_LINE;
    bool ok = true;
    while (ok && status == TRACE_LINE) {
        struct arena scratch = {0};
        struct node *line = NULL;
        uint64_t offset = 0;
        status = trace_read(judge->diags, &judge->reader, &scratch, &line, &offset);
        if (status == TRACE_LINE)
            ok = take_line(judge, line, offset);
        arena_free(&scratch);
    }
    if (ok && !judge->has_header && status != TRACE_BAD)
        return bad_trace(judge, "is no trace: it has no header");
    if (judge->reader.torn || status == TRACE_CUT)
        judge->results->complete = judge->context.complete = false;
    return ok && status != TRACE_BAD;
}

/* ---- the end ---- */

/* Cases without an end, and those that nothing is known about. */
static bool close_rest(struct judge *judge)
{
    for (size_t i = 0; i < judge->slot_count; i++) {
        struct slot *slot = &judge->slots[i];
        if (slot->done)
            continue;
        bool seen = slot->record != NULL;
        if (seen && slot->record->round != 0)
            close_slot(judge, slot);
        if (slot->rounds.count > 0) {
            rounds_cut(&slot->result);
            slot->done = true;
            continue;
        }
        if (!seen && !open_slot(judge, slot))
            return false;
        if (!seen && slot->record->plan.skip == NULL && !judge->results->complete) {
            judge->results->not_run++; /* the run was cut before it */
            case_record_free(slot->record);
            slot->record = NULL;
            continue;
        }
        close_slot(judge, slot);
    }
    return true;
}

static const char *const *copy_ids(struct arena *keep, const char *const *ids, size_t count)
{
    const char **copy = arena_array(keep, const char *, count);
    for (size_t i = 0; i < count; i++)
        copy[i] = ids[i];
    return copy;
}

static void add_shared(struct judge *judge, const struct shared_ending *shared)
{
    struct case_result one = {.id = shared->id,
                              .requirement = shared->requirement,
                              .verdict = shared->verdict,
                              .findings = shared->findings.items,
                              .finding_count = shared->findings.count,
                              .findings_total = shared->findings.total,
                              .seen_in = copy_ids(judge->keep, shared->cases, shared->case_count),
                              .seen_count = shared->case_count,
                              .seen_total = shared->case_total};
    one.reason = shared->findings.items[0].observed;
    if (shared->case_count > 0 && strcmp(shared->cases[0], "probe") != 0)
        one.repro = results_repro(judge->keep, judge->facts.header, shared->cases[0]);
    verdict_waive(&judge->facts, &one);
    results_add(judge->keep, judge->results, &one);
}

static int by_requirement(const void *a, const void *b)
{
    const struct watched *x = a, *y = b;
    return strcmp(x->requirement, y->requirement);
}

static void add_invariant(struct judge *judge, const struct watched *watched)
{
    struct arena *keep = judge->keep;
    struct case_result one = {.id = arena_printf(keep, "invariant/%s", watched->requirement),
                              .requirement = watched->requirement,
                              .verdict = verdict_of_outcome(watched->worst),
                              .findings = watched->findings.items,
                              .finding_count = watched->findings.count,
                              .findings_total = watched->findings.total,
                              .seen_in = copy_ids(keep, watched->cases, watched->case_count),
                              .seen_count = watched->case_count,
                              .seen_total = watched->case_total};
    if (watched->case_count > 0 && strcmp(watched->cases[0], "probe") != 0)
        one.repro = results_repro(keep, judge->facts.header, watched->cases[0]);
    verdict_waive(&judge->facts, &one);
    results_add(keep, judge->results, &one);
}

/* Each capability that the profile declares is a case of its own: one that is refused is one red
 * line, and the cases that need it are skipped.  So is one that probing was answered wrongly about.
 */
static void add_capability(struct judge *judge, const char *name)
{
    struct arena *keep = judge->keep;
    struct finding_list findings = {.count = 0};
    const struct node *profile = node_get(judge->facts.header, "profile");
    const struct node *declared = node_get(profile, "capabilities");
    bool compared = reconcile_compare(keep, name, declared, judge->facts.capabilities, &findings);
    if (!reconcile_answers(keep, name, judge->facts.capabilities, &findings) && !compared)
        return;
    struct case_result one = {.id = arena_printf(keep, "capability/%s", name),
                              .verdict = verdict_of_outcome(findings.worst),
                              .findings = findings.items,
                              .finding_count = findings.count,
                              .findings_total = findings.total};
    verdict_waive(&judge->facts, &one);
    results_add(keep, judge->results, &one);
}

/* What could not be asked seems to be missing, and its cases are skipped: not to pass in silence.
 */
static void add_probing(struct judge *judge)
{
    const struct case_result one = {
        .id = "probe", .verdict = VERDICT_BROKEN, .reason = judge->probing_broken};
    if (judge->probing_broken != NULL)
        results_add(judge->keep, judge->results, &one);
}

static void add_cases(struct judge *judge)
{
    struct case_result **all = arena_array(judge->keep, struct case_result *, judge->slot_count);
    size_t count = 0;
    for (size_t i = 0; i < judge->slot_count; i++)
        if (judge->slots[i].done)
            all[count++] = &judge->slots[i].result;
    settle_cases(judge->keep, all, count, &judge->endings, &judge->watch);
    for (size_t i = 0; i < count; i++) {
        verdict_waive(&judge->facts, all[i]);
        results_add(judge->keep, judge->results, all[i]);
    }
}

static void collect(struct judge *judge)
{
    for (size_t i = 0; reconcile_name(i) != NULL; i++)
        add_capability(judge, reconcile_name(i));
    add_capability(judge, "pins"); /* nobody declares whether they arrive */

    restart_probing(judge);
    add_probing(judge);
    add_cases(judge);
    for (size_t i = 0; i < judge->endings.count; i++)
        add_shared(judge, &judge->endings.items[i]);
    qsort(judge->watch.items, judge->watch.count, sizeof judge->watch.items[0], by_requirement);
    for (size_t i = 0; i < judge->watch.count; i++)
        add_invariant(judge, &judge->watch.items[i]);
    places_name(judge->keep, judge->places, judge->results);
    results_cover(judge->keep, judge->results);
}

static void start(struct judge *judge, struct diags *diags, struct arena *keep, struct results *out)
{
    *out = (struct results){.complete = false};
    *judge = (struct judge){.diags = diags, .keep = keep, .results = out, .oracle = oracle_new()};
    judge->facts.keep = keep;
    judge->facts.rows = &out->rows;
    judge->facts.key.oracle = judge->oracle;
    judge->facts.tallies = &judge->tallies;
    judge->watch.facts = &judge->facts;
    judge->context.facts = &judge->facts;
    judge->context.watch = &judge->watch;
    judge->context.endings = &judge->endings;
    judge->probing.ending.kind = EVENT_END;
    judge->probing.plan.n = EVENT_NO_CASE;
}

static void finish(struct judge *judge)
{
    for (size_t i = 0; i < judge->slot_count; i++)
        if (judge->slots[i].record != NULL)
            case_record_free(judge->slots[i].record);
    case_record_free(&judge->probing);
    trace_reader_close(&judge->reader);
    oracle_free(judge->oracle);
    free(judge);
}

enum judge_status judge_trace(struct diags *diags, struct arena *keep, const char *path,
                              struct results *out)
{
    struct judge *judge = malloc(sizeof *judge);
    enum judge_status status = JUDGE_BAD_TRACE;
    if (judge == NULL)
        return JUDGE_OWN_FAULT;
    start(judge, diags, keep, out);
    const char *wrong = judge->oracle == NULL ? "oracle_new" : oracle_self_check(judge->oracle);
    if (wrong != NULL) {
        diag_error(diags, (struct source_pos){.file = path},
                   "nothing was judged: the oracle fails its known answer '%s'", wrong);
        status = JUDGE_OWN_FAULT;
    } else if (trace_reader_open(diags, &judge->reader, path) && read_lines(judge) &&
               close_rest(judge)) {
        collect(judge);
        status = JUDGE_OK;
    }
    finish(judge);
    return status;
}
