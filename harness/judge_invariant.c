/* SPDX-License-Identifier: Apache-2.0 */
#include "judge_invariant.h"

#include "judge_watchers.h"

#include <string.h>

/* How an observation touches the verdict of the case that shows it.  A habit that shows in every
 * call (a foreign allocator, a member behind version 1 that is cleared) and that the host contains
 * is one red line, the invariant's; only what makes the rest of a case doubtful is the case's too.
 */
enum check_weight { WEIGHT_NONE, WEIGHT_FAULT };

static const struct check {
    const char *requirement;
    enum event_kind on;
    watcher *holds;
    enum check_weight weight;
} checks[] = {
    {"R001", EVENT_LOAD, driver_loads, WEIGHT_NONE},
    {"R003", EVENT_RETURN, refusal_is_of_the_family, WEIGHT_NONE},
    {"R004", EVENT_CHANGED, card_data_is_not_exceeded, WEIGHT_FAULT},
    {"R004", EVENT_RETURN, any_call, WEIGHT_NONE},
    {"R005", EVENT_CHANGED, derive_key_is_not_exceeded, WEIGHT_NONE},
    {"R005", EVENT_RETURN, derive_call, WEIGHT_NONE},
    {"R006", EVENT_CHANGED, agreement_info_is_kept, WEIGHT_NONE},
    {"R006", EVENT_RETURN, construct_call, WEIGHT_NONE},
    {"R007", EVENT_CHANGED, inputs_are_kept, WEIGHT_NONE},
    {"R007", EVENT_RETURN, any_call, WEIGHT_NONE},
    {"R015", EVENT_CHANGED, version_is_kept, WEIGHT_NONE},
    {"R015", EVENT_RETURN, any_call, WEIGHT_NONE},
    {"R043", EVENT_CHANGED, callers_members_are_kept, WEIGHT_NONE},
    {"R043", EVENT_RETURN, any_call, WEIGHT_NONE},
    {"R048", EVENT_RETURN, transactions_are_callers, WEIGHT_NONE},
    {"R051", EVENT_RETURN, context_returns_memory, WEIGHT_NONE},
    {"R057", EVENT_RETURN, agreements_return_memory, WEIGHT_NONE},
    {"R058", EVENT_SECRET, secret_is_wiped, WEIGHT_NONE},
    {"R058", EVENT_FREE, searched_block, WEIGHT_NONE},
    {"R128", EVENT_RETURN, key_buffer_is_registered, WEIGHT_NONE},
    {"R129", EVENT_CHANGED, buffer_is_not_exceeded, WEIGHT_FAULT},
    {"R129", EVENT_RETURN, buffer_call, WEIGHT_NONE},
    {"R133", EVENT_RETURN, refusal_hands_nothing_out, WEIGHT_NONE},
    {"R205", EVENT_RETURN, second_secret_enters, WEIGHT_NONE},
    {"R206", EVENT_GET_DH_AGREEMENT, callback_gets_card_data, WEIGHT_NONE},
    {"R207", EVENT_GET_DH_AGREEMENT, callback_gets_no_flags, WEIGHT_NONE},
    {"R208", EVENT_GET_DH_AGREEMENT, callback_names_parameter, WEIGHT_NONE},
    {"R214", EVENT_RETURN, outputs_are_registered, WEIGHT_NONE},
    {"R216", EVENT_FREE, frees_only_live_blocks, WEIGHT_FAULT},
    {"R216", EVENT_REALLOC, reallocs_only_live_blocks, WEIGHT_FAULT},
    {"R216", EVENT_DAMAGE, blocks_are_not_exceeded, WEIGHT_FAULT},
    {"R216", EVENT_RETURN, any_call, WEIGHT_NONE},
    {"R224", EVENT_END, output_holds_no_secret, WEIGHT_NONE},
    {"R224", EVENT_RESIDUE, log_holds_no_secret, WEIGHT_NONE},
    {"R225", EVENT_SECRET, key_is_wiped, WEIGHT_NONE},
    {"R225", EVENT_FREE, searched_block, WEIGHT_NONE},
    {"R232", EVENT_RETURN, blobs_are_registered, WEIGHT_NONE},
    {"R249", EVENT_RETURN, callback_needs_parameter, WEIGHT_NONE},
    {"R250", EVENT_GET_DH_AGREEMENT, callback_gets_a_byte, WEIGHT_FAULT},
    {"R254", EVENT_RESIDUE, secret_is_gone, WEIGHT_NONE},
    {"R255", EVENT_RESIDUE, pin_is_gone, WEIGHT_NONE},
};
#define CHECK_COUNT (sizeof checks / sizeof checks[0])

/* Requirements that cases ask about with `for:` and that are reported like invariants. */
static const char *const asked_by_cases[] = {"R100"};

static const char *const claims[EVENT_COUNT] = {
    [EVENT_BEGIN] = "verdict",
    [EVENT_CALL] = "no question: the question comes with the return",
    [EVENT_RETURN] = "invariant",
    [EVENT_NOT_RUN] = "verdict",
    [EVENT_ALLOC] = "expectation",
    [EVENT_REALLOC] = "invariant",
    [EVENT_FREE] = "invariant",
    [EVENT_GET_DH_AGREEMENT] = "invariant",
    [EVENT_CACHE] = "expectation",
    [EVENT_PAD] = "expectation",
    [EVENT_UNPAD] = "expectation",
    [EVENT_APDU] = "expectation",
    [EVENT_TRANSACTION] = "no question: R048 asks when the call returns",
    [EVENT_PCSC] = "no question: a driver may call the card service as it likes",
    [EVENT_OUTPUT] = "no question: R224 asks at the end, when all keys are known",
    [EVENT_CHANGED] = "invariant",
    [EVENT_DAMAGE] = "invariant",
    [EVENT_SECRET] = "invariant",
    [EVENT_RESIDUE] = "invariant",
    [EVENT_LOAD] = "invariant",
    [EVENT_CRASH] = "verdict",
    [EVENT_HANG] = "verdict",
    [EVENT_EXIT] = "verdict",
    [EVENT_KILLED] = "verdict",
    [EVENT_CARD] = "verdict",
    [EVENT_LEDGER] = "expectation",
    [EVENT_FAULT] = "the sweep",
    [EVENT_SWEPT] = "the sweep",
    [EVENT_MEET] = "no question: a driver may make calls wait for each other",
    [EVENT_END] = "invariant",
    [EVENT_BROKEN] = "verdict",
};

const char *event_claim(enum event_kind kind)
{
    return kind < EVENT_COUNT ? claims[kind] : NULL;
}

bool watch_has_check(enum event_kind kind)
{
    for (size_t i = 0; i < CHECK_COUNT; i++)
        if (checks[i].on == kind)
            return true;
    return false;
}

const char *watch_requirement(size_t n)
{
    return n < CHECK_COUNT ? checks[n].requirement : NULL;
}

bool watch_knows(const char *requirement)
{
    for (size_t i = 0; i < CHECK_COUNT; i++)
        if (strcmp(checks[i].requirement, requirement) == 0)
            return true;
    for (size_t i = 0; i < sizeof asked_by_cases / sizeof asked_by_cases[0]; i++)
        if (strcmp(asked_by_cases[i], requirement) == 0)
            return true;
    return false;
}

static struct watched *find_watched(struct watch *watch, const char *requirement)
{
    for (size_t i = 0; i < watch->count; i++)
        if (strcmp(watch->items[i].requirement, requirement) == 0)
            return &watch->items[i];
    if (watch->count == WATCHED_MAX)
        return NULL;
    watch->items[watch->count] =
        (struct watched){.requirement = arena_strdup(watch->facts->keep, requirement),
                         .last_case = EVENT_NO_CASE - 1};
    return &watch->items[watch->count++];
}

static bool is_known_example(const struct watched *watched, const struct finding *finding)
{
    for (size_t i = 0; i < watched->findings.count; i++) {
        const struct finding *one = &watched->findings.items[i];
        if (one->outcome == finding->outcome && strcmp(one->observed, finding->observed) == 0 &&
            strcmp(one->expected, finding->expected) == 0)
            return true;
    }
    return watched->findings.count >= WATCHED_EXAMPLES;
}

static void count_case(struct watch *watch, struct watched *watched,
                       const struct case_record *record)
{
    if (watched->last_case == record->plan.n)
        return;
    watched->last_case = record->plan.n;
    watched->case_total++;
    if (watched->case_count < WATCHED_CASES_MAX)
        watched->cases[watched->case_count++] =
            arena_strdup(watch->facts->keep, record->plan.id == NULL ? "probe" : record->plan.id);
}

void watch_observe(struct watch *watch, const struct case_record *record, const char *requirement,
                   const struct finding *finding)
{
    struct watched *watched = find_watched(watch, requirement);
    if (watched == NULL)
        return;
    watched->asked++;
    if (finding == NULL)
        return;
    if (finding->outcome > watched->worst)
        watched->worst = finding->outcome;
    if (finding->outcome >= OUTCOME_WARN)
        count_case(watch, watched, record);
    if (!is_known_example(watched, finding))
        finding_add(watch->facts->keep, &watched->findings, finding);
}

/* Where the event lies: the step's number, operation and line. */
static void place_finding(struct watch *watch, const struct case_record *record,
                          const struct event *event, struct finding *finding)
{
    struct arena *keep = watch->facts->keep;
    const struct step *step = case_step(record, event->step);
    finding->step = (uint32_t)event->step;
    finding->iteration = event->iteration;
    if (step == NULL)
        return;
    finding->op = arena_strdup(keep, step->op_name);
    finding->line = step->line;
    const char *file = case_step_file(record, step);
    finding->file = file == NULL ? NULL : arena_strdup(keep, file);
}

static bool is_scored(const struct case_record *record, const struct event *event)
{
    const struct step *step = case_step(record, event->step);
    return step != NULL && step->expect_count > 0;
}

static void charge(struct watch *watch, const struct check *check, struct case_record *record,
                   struct case_verdict *verdict, struct finding *finding)
{
    bool own = record->plan.requirement != NULL &&
               strcmp(record->plan.requirement, check->requirement) == 0;
    bool fault =
        check->weight == WEIGHT_FAULT && finding->outcome == OUTCOME_FAIL && finding->step != 0;
    /* The case is about it: one observation, one red line.  A note colours nothing. */
    if (own && finding->outcome > OUTCOME_INFO)
        finding_add(watch->facts->keep, &verdict->findings, finding);
    else
        watch_observe(watch, record, check->requirement, finding);
    if (fault && !own)
        finding_add(watch->facts->keep, &verdict->findings, finding);
}

void watch_event(struct watch *watch, struct case_record *record, struct case_verdict *verdict,
                 const struct event *event)
{
    for (size_t i = 0; i < CHECK_COUNT; i++) {
        const struct check *check = &checks[i];
        if (check->on != event->kind)
            continue;
        const struct requirement *row = requirement_find(watch->facts->rows, check->requirement);
        if (row == NULL)
            continue; /* a vendor's catalogue may leave it out */
        struct finding finding = {.requirement = row->id, .outcome = requirement_deviation(row)};
        struct watcher_view view = {
            .facts = watch->facts, .record = record, .row = row, .event = event, .why = &finding};
        enum check_answer answer = check->holds(&view);
        if (answer == CHECK_HOLDS)
            watch_observe(watch, record, row->id, NULL);
        if (answer != CHECK_BROKEN)
            continue;
        struct check placed = *check;
        place_finding(watch, record, event, &finding);
        if (!is_scored(record, event))
            placed.weight = WEIGHT_NONE; /* reported once, as the invariant */
        charge(watch, &placed, record, verdict, &finding);
    }
}
