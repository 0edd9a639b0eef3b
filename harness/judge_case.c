/* SPDX-License-Identifier: Apache-2.0 */
#include "judge_case.h"

#include "judge_ending.h"
#include "mdcts/cardmod.h"
#include "mdcts/status.h"

#include <inttypes.h>
#include <string.h>

#define OUTPUT_BYTES_MAX (1024 * 1024)

enum cache_function cache_function_find(const char *name)
{
    static const char *const names[CACHE_FUNCTIONS] = {
        [CACHE_ADD] = "CspCacheAddFile",
        [CACHE_LOOKUP] = "CspCacheLookupFile",
        [CACHE_DELETE] = "CspCacheDeleteFile",
    };
    enum cache_function one = 0;
    while (one < CACHE_FUNCTIONS && (name == NULL || strcmp(names[one], name) != 0))
        one++;
    return one;
}

bool case_record_start(struct diags *diags, struct case_record *record, const struct node *plan)
{
    record->ending.kind = EVENT_END;
    return planned_read(diags, &record->arena, plan, &record->plan);
}

void case_record_free(struct case_record *record)
{
    arena_free(&record->arena);
    *record = (struct case_record){.begun = false};
}

const struct step *case_step(const struct case_record *record, uint64_t number)
{
    if (number == 0 || number > record->plan.step_count)
        return NULL;
    return &record->plan.steps[number - 1];
}

const char *case_step_file(const struct case_record *record, const struct step *step)
{
    const char *file = node_get_text(step->node, "file");
    return file == NULL ? record->plan.file : file;
}

struct call_record *case_latest_call(const struct case_record *record, const struct event *event)
{
    struct call_record *other = NULL;
    for (size_t i = record->call_count; i-- > 0;) {
        struct call_record *call = record->calls[i];
        if (call->host != event->host)
            continue;
        if (call->thread == event->thread)
            return call;
        other = other == NULL ? call : other;
    }
    return other; /* a thread of the driver's own works for the call under way */
}

struct call_record *case_running_call(const struct case_record *record, const struct event *event)
{
    struct call_record *call = case_latest_call(record, event);
    return call == NULL || call->returned ? NULL : call;
}

struct block *case_block(const struct case_record *record, uint64_t id)
{
    /* Numbers rise within a host; a search from the end finds the youngest of that number. */
    for (size_t i = record->block_count; i-- > 0;)
        if (record->blocks[i].id == id && record->blocks[i].host == record->host)
            return &record->blocks[i];
    return NULL;
}

bool same_context(const char *a, const char *b)
{
    return strcmp(a == NULL ? CONTEXT_DEFAULT : a, b == NULL ? CONTEXT_DEFAULT : b) == 0;
}

static bool is_repeated(const struct case_record *record, const struct call_record *call)
{
    const struct step *step = case_step(record, call->step);
    return step != NULL && step_is_repeated(step);
}

const struct agreement *case_agreement(const struct case_record *record,
                                       const struct call_record *when, const char *name)
{
    for (size_t i = record->agreement_count; i-- > 0;) {
        const struct agreement *one = &record->agreements[i];
        bool other = one->call->iteration != when->iteration && is_repeated(record, one->call) &&
                     is_repeated(record, when);
        if (one->call->order < when->order && one->name != NULL && !other &&
            strcmp(one->name, name) == 0)
            return one;
    }
    return NULL;
}

static bool lived(const struct agreement *one, const struct call_record *when)
{
    return one->call->order < when->order && one->ended >= when->order &&
           same_context(one->call->context, when->context);
}

const struct agreement *case_agreement_at(const struct case_record *record,
                                          const struct call_record *when, uint64_t index)
{
    for (size_t i = record->agreement_count; i-- > 0;)
        if (record->agreements[i].index == index && lived(&record->agreements[i], when))
            return &record->agreements[i];
    return NULL;
}

size_t case_agreements_live(const struct case_record *record, const struct call_record *when)
{
    size_t count = 0;
    for (size_t i = 0; i < record->agreement_count; i++)
        count += lived(&record->agreements[i], when);
    return count;
}

bool card_state_explains(const struct card_state *state, uint32_t status)
{
    switch (status) {
    case SCARD_W_SECURITY_VIOLATION:
        return !state->authenticated || state->reset || state->removed || state->disturbed;
    case SCARD_W_WRONG_CHV:
    case SCARD_W_CHV_BLOCKED: return state->wrong_pin;
    case SCARD_W_RESET_CARD: return state->reset || state->removed || state->disturbed;
    case SCARD_W_REMOVED_CARD: return state->removed;
    default: return false;
    }
}

bool step_provokes(const struct step *step)
{
    const char *pin = step_arg_text(step, "pin", "profile");
    return step->raw != NULL || step->callbacks.alloc_fail != 0 ||
           step->callbacks.alloc_fail_from != 0 ||
           (step->op == STEP_AUTHENTICATE && strcmp(pin, "profile") != 0);
}

/* ---- calls ---- */

static void take_call(struct case_record *record, const struct event *event)
{
    if (record->call_count == CALLS_MAX) {
        record->broken = "more than CALLS_MAX calls in one case";
        return;
    }
    struct arena *arena = &record->arena;
    struct call_record *call = arena_new(arena, struct call_record);
    const char *entry = node_get_text(event->node, "entry");
    const char *context = node_get_text(event->node, "context");
    const struct node *args = node_get(event->node, "args");
    *call = (struct call_record){
        .answer = UINT64_MAX,
        .order = record->call_count + 1,
        .entry = entry == NULL ? "?" : arena_strdup(arena, entry),
        .context = context == NULL ? NULL : arena_strdup(arena, context),
        .step = event->step,
        .iteration = event->iteration,
        .host = event->host,
        .thread = event->thread,
        .args = args == NULL ? NULL : node_copy(arena, args),
        .before = record->state,
    };
    record->calls = arena_grow(arena, record->calls, record->call_count, &record->call_capacity,
                               sizeof *record->calls);
    record->calls[record->call_count++] = call;
}

static void take_agreement(struct case_record *record, const struct call_record *call,
                           const struct step *step)
{
    const struct node *index = node_get(call->out, "bSecretAgreementIndex");
    struct agreement one = {.call = call, .ended = UINT64_MAX};
    if (!node_to_uint(index, &one.index))
        return;
    one.name = step == NULL ? NULL : step_binds(step);
    record->agreements = arena_grow(&record->arena, record->agreements, record->agreement_count,
                                    &record->agreement_capacity, sizeof *record->agreements);
    record->agreements[record->agreement_count++] = one;
}

static void end_agreements(struct case_record *record, const struct call_record *call, bool all,
                           uint64_t index)
{
    for (size_t i = 0; i < record->agreement_count; i++) {
        struct agreement *one = &record->agreements[i];
        if (lived(one, call) && (all || one->index == index))
            one->ended = call->order;
    }
}

/* Beside other calls an index may have been given out again by the time this call's return is seen;
 * the name still tells which agreement was meant. */
static void end_agreement(struct case_record *record, const struct call_record *call)
{
    uint64_t index = node_get_uint(call->args, "bSecretAgreementIndex",
                                   node_get_uint(call->args, "index", UINT64_MAX));
    const char *name = node_get_text(call->args, "agreement");
    const struct step *step = case_step(record, call->step);
    const struct agreement *meant =
        name == NULL || step == NULL || !step->beside ? NULL : case_agreement(record, call, name);
    if (meant == NULL)
        end_agreements(record, call, false, index);
    else
        record->agreements[meant - record->agreements].ended = call->order;
}

static void take_authentication(struct case_record *record, const struct call_record *call,
                                const struct step *step)
{
    /* Traces of before 2026-11-26 don't say whether the PIN opens the agreement's key: the user's.
     */
    bool users = node_get_uint(call->args, "role", ROLE_USER) == ROLE_USER;
    bool opens = node_get_bool(call->args, "opens", users);
    if (step != NULL && step_provokes(step))
        record->state.wrong_pin = true;
    if (call->status == SCARD_W_WRONG_CHV || call->status == SCARD_W_CHV_BLOCKED)
        record->state.authenticated = false;
    if (call->status == SCARD_S_SUCCESS && opens)
        record->state.authenticated = true;
}

/* What a successful call changes in the case. */
static void take_effect(struct case_record *record, const struct call_record *call)
{
    const struct step *step = case_step(record, call->step);
    bool of_nothing = node_get(node_get(call->args, "raw"), "pCardData") != NULL;
    bool ok = call->status == SCARD_S_SUCCESS && !of_nothing;
    if (strncmp(call->entry, "CardAuthenticate", 16) == 0)
        take_authentication(record, call, step);
    else if (!ok)
        return;
    else if (strcmp(call->entry, "CardConstructDHAgreement") == 0)
        take_agreement(record, call, step);
    else if (strcmp(call->entry, "CardDestroyDHAgreement") == 0)
        end_agreement(record, call);
    else if (strcmp(call->entry, "CardDeleteContext") == 0)
        end_agreements(record, call, true, 0);
    else if (strncmp(call->entry, "CardDeauthenticate", 18) == 0)
        record->state.authenticated = false;
}

static void mark_handed_out(struct case_record *record, const struct node *out)
{
    uint64_t id;
    if (out == NULL)
        return;
    if (out->kind == NODE_MAP && node_to_uint(node_get(out, "block"), &id)) {
        struct block *block = case_block(record, id);
        if (block != NULL)
            block->handed_out = true;
    }
    for (const struct node *child = out->first; child != NULL; child = child->next)
        mark_handed_out(record, child);
}

static void take_return(struct case_record *record, const struct event *event)
{
    struct call_record *call = case_running_call(record, event);
    uint64_t status;
    if (call == NULL || !node_to_uint(node_get(event->node, "status"), &status) ||
        status > UINT32_MAX) {
        record->broken = "a return without its call or without a status";
        return;
    }
    const struct node *out = node_get(event->node, "out");
    call->returned = true;
    call->status = (uint32_t)status;
    call->out = out == NULL ? NULL : node_copy(&record->arena, out);
    if (call->status == SCARD_S_SUCCESS)
        mark_handed_out(record, call->out);
    take_effect(record, call);
}

/* ---- memory ---- */

/* The call sites of a driver are few: a text is kept once. */
static const char *keep_frames(struct case_record *record, const struct node *event)
{
    const char *frames = node_get_text(event, "frames");
    if (frames == NULL)
        return NULL;
    for (size_t i = 0; i < CHAINS_KEPT && record->chains[i] != NULL; i++)
        if (strcmp(record->chains[i], frames) == 0)
            return record->chains[i];
    const char *kept = arena_strdup(&record->arena, frames);
    record->chains[record->chain_count++ % CHAINS_KEPT] = kept;
    return kept;
}

static void add_block(struct case_record *record, const struct event *event,
                      const struct call_record *call)
{
    if (node_get_bool(event->node, "failed", false))
        return;
    if (record->block_count == BLOCKS_MAX) {
        record->broken = "more than BLOCKS_MAX allocations in one case";
        return;
    }
    record->blocks = arena_grow(&record->arena, record->blocks, record->block_count,
                                &record->block_capacity, sizeof *record->blocks);
    record->blocks[record->block_count++] =
        (struct block){.id = node_get_uint(event->node, "block", 0),
                       .host = event->host,
                       .size = node_get_uint(event->node, "size", 0),
                       .live = true,
                       .call = call,
                       .frames = keep_frames(record, event->node)};
}

static void take_alloc(struct case_record *record, const struct event *event)
{
    add_block(record, event, case_running_call(record, event));
}

static void take_realloc(struct case_record *record, const struct event *event)
{
    const struct call_record *call = case_running_call(record, event);
    struct block *from = case_block(record, node_get_uint(event->node, "from", UINT64_MAX));
    bool failed = node_get_bool(event->node, "failed", false);
    if (from != NULL && from->live && !failed) {
        from->live = false;
        call = from->call; /* what grows stays the business of whoever made it */
    }
    add_block(record, event, call);
}

static void take_free(struct case_record *record, const struct event *event)
{
    struct block *block = case_block(record, node_get_uint(event->node, "block", UINT64_MAX));
    const char *state = node_get_text(event->node, "state");
    if (block == NULL || state == NULL ||
        (strcmp(state, "live") != 0 && strcmp(state, "libc") != 0))
        return;
    const struct call_record *call = case_running_call(record, event);
    block->live = false;
    block->freed_step = event->step;
    block->freed_frames = keep_frames(record, event->node);
    block->freed_by =
        call == NULL || node_get_bool(event->node, "caller", false) ? "the caller" : call->entry;
}

/* What the driver holds now; what it handed out is the caller's. */
static void take_ledger(struct case_record *record, const struct event *event)
{
    struct balance now = {.step = event->step};
    for (size_t i = 0; i < record->block_count; i++) {
        const struct block *block = &record->blocks[i];
        now.blocks += block->live && !block->handed_out;
        now.bytes += block->live && !block->handed_out ? block->size : 0;
    }
    record->balances = arena_grow(&record->arena, record->balances, record->balance_count,
                                  &record->balance_capacity, sizeof *record->balances);
    record->balances[record->balance_count++] = now;
}

/* ---- the rest ---- */

static void take_transaction(struct case_record *record, const struct event *event)
{
    struct call_record *call = case_running_call(record, event);
    const char *action = node_get_text(event->node, "action");
    if (call == NULL || action == NULL || node_get_uint(event->node, "status", 0) != 0)
        return;
    if (strcmp(action, "begin") == 0)
        call->begins++;
    else
        call->ends++;
    call->ended_callers = call->ended_callers || call->ends > call->begins;
}

static void take_cache(struct case_record *record, const struct event *event)
{
    struct call_record *call = case_running_call(record, event);
    enum cache_function one = cache_function_find(node_get_text(event->node, "function"));
    if (call != NULL && one < CACHE_FUNCTIONS)
        call->cache_calls[one]++;
}

static void take_apdu(struct case_record *record, const struct event *event)
{
    struct call_record *call = case_running_call(record, event);
    const char *command = node_get_text(event->node, "command");
    if (call != NULL && command != NULL && strlen(command) >= 6 &&
        strncmp(command + 2, "a404", 4) == 0)
        call->selects++;
}

static void take_get_dh_agreement(struct case_record *record, const struct event *event)
{
    struct call_record *call = case_running_call(record, event);
    const char *variant = node_get_text(event->node, "variant");
    if (call != NULL && variant != NULL && strcmp(variant, "other") == 0)
        call->other_callback++;
    if (call != NULL)
        call->answer = node_get_uint(node_get(event->node, "answer"), "index", UINT64_MAX);
    if (call != NULL && call->answered == 0)
        call->answered =
            (uint32_t)node_get_uint(node_get(event->node, "answer"), "return", SCARD_S_SUCCESS);
}

static void take_not_run(struct case_record *record, const struct event *event)
{
    const char *why = node_get_text(event->node, "why");
    record->not_run = arena_grow(&record->arena, record->not_run, record->not_run_count,
                                 &record->not_run_capacity, sizeof *record->not_run);
    record->not_run[record->not_run_count++] =
        (struct fact){.step = event->step,
                      .text = arena_strdup(&record->arena, why == NULL ? "no reason" : why),
                      .left_out = node_get_bool(event->node, "left_out", false)};
}

static bool says(const char *what, const char *card, const char *code)
{
    return what != NULL && (strcmp(what, card) == 0 || strstr(what, code) != NULL);
}

/* What the card is made to answer may be a reason to ask for a PIN or to connect again. */
static void take_trouble(struct case_record *record, const char *what)
{
    bool pin = what != NULL && (strncmp(what, "sw 63", 5) == 0 || strcmp(what, "sw 6983") == 0);
    record->trouble = arena_strdup(&record->arena, what == NULL ? "?" : what);
    record->state.disturbed = true;
    record->state.wrong_pin = record->state.wrong_pin || pin;
    record->state.removed = record->state.removed || says(what, "remove", "SCARD_W_REMOVED_CARD");
    record->state.reset = record->state.reset || says(what, "reset", "SCARD_W_RESET_CARD");
}

static void take_card(struct case_record *record, const struct event *event)
{
    const char *action = node_get_text(event->node, "action");
    if (action == NULL)
        action = "?";
    if (!node_get_bool(event->node, "ok", true)) {
        if (record->broken == NULL)
            record->broken = arena_printf(&record->arena, "the card did not %s", action);
        return;
    }
    if (strcmp(action, "trouble") == 0) {
        take_trouble(record, node_get_text(event->node, "what"));
        return;
    }
    if (strcmp(action, "reset") == 0 || strcmp(action, "reconnect") == 0)
        record->state.reset = true;
    if (strcmp(action, "remove") == 0 || strcmp(action, "insert") == 0)
        record->state.removed = true;
    if (strcmp(action, "foreign") == 0 || strcmp(action, "end_transaction") == 0)
        record->state.disturbed = true;
    if (strcmp(action, "reset") == 0 || strcmp(action, "remove") == 0)
        record->state.authenticated = false;
}

static void take_ending(struct case_record *record, const struct event *event)
{
    if (record->ending.kind != EVENT_END)
        return; /* the first one is the cause */
    const struct call_record *call = case_running_call(record, event);
    const char *entry = node_get_text(event->node, "entry");
    if (entry != NULL)
        entry = arena_strdup(&record->arena, entry);
    else if (call != NULL)
        entry = call->entry;
    record->ending = (struct ending){
        .kind = event->kind,
        .step = event->step != 0 || call == NULL ? event->step : call->step,
        .entry = entry,
        .text = ending_text(&record->arena, record, event),
        .requirement = ending_requirement(event->node, entry),
    };
}

static void take_load(struct case_record *record, const struct event *event)
{
    const char *error = node_get_text(event->node, "error");
    if (!node_get_bool(event->node, "ok", false))
        record->load_error = arena_strdup(&record->arena, error == NULL ? "no reason" : error);
    else if (!node_get_bool(event->node, "export", true))
        record->load_error = "CardAcquireContext is not exported";
}

static void take_broken(struct case_record *record, const struct event *event)
{
    const char *why = node_get_text(event->node, "why");
    if (record->broken == NULL)
        record->broken = arena_strdup(&record->arena, why == NULL ? "no reason" : why);
}

/* Streams are joined, since a line may come in pieces. */
static void take_output(struct case_record *record, const struct event *event)
{
    const char *text = node_get_text(event->node, "text");
    const char *stream = node_get_text(event->node, "stream");
    const char **to = &record->printed[stream != NULL && strcmp(stream, "stderr") == 0];
    if (text != NULL && (*to == NULL || strlen(*to) + strlen(text) < OUTPUT_BYTES_MAX))
        *to = arena_printf(&record->arena, "%s%s", *to == NULL ? "" : *to, text);
}

static void take_unknown(struct case_record *record, const struct event *event)
{
    const char *kind = node_get_text(event->node, "e");
    if (record->broken == NULL)
        record->broken = arena_printf(&record->arena, "an event of unknown kind '%.40s'", kind);
}

static void take_end(struct case_record *record, const struct event *event)
{
    record->ended = true;
    record->us = node_get_uint(event->node, "us", 0);
}

static void take_begin(struct case_record *record, const struct event *event)
{
    record->begun = true;
    record->round = node_get_uint(event->node, "round", 0);
}

static void take_fault(struct case_record *record, const struct event *event)
{
    const char *function = node_get_text(event->node, "function");
    uint64_t nth = node_get_uint(event->node, "nth", 0);
    record->fault =
        record->trouble != NULL
            ? arena_printf(&record->arena, "%s at command %" PRIu64, record->trouble, nth)
            : arena_printf(&record->arena, "%s %" PRIu64, function == NULL ? "?" : function, nth);
}

static void (*const takers[EVENT_COUNT + 1])(struct case_record *, const struct event *) = {
    [EVENT_BEGIN] = take_begin,     [EVENT_CALL] = take_call,
    [EVENT_RETURN] = take_return,   [EVENT_NOT_RUN] = take_not_run,
    [EVENT_ALLOC] = take_alloc,     [EVENT_REALLOC] = take_realloc,
    [EVENT_FREE] = take_free,       [EVENT_TRANSACTION] = take_transaction,
    [EVENT_CACHE] = take_cache,     [EVENT_OUTPUT] = take_output,
    [EVENT_LOAD] = take_load,       [EVENT_CRASH] = take_ending,
    [EVENT_HANG] = take_ending,     [EVENT_EXIT] = take_ending,
    [EVENT_KILLED] = take_ending,   [EVENT_CARD] = take_card,
    [EVENT_APDU] = take_apdu,       [EVENT_GET_DH_AGREEMENT] = take_get_dh_agreement,
    [EVENT_LEDGER] = take_ledger,   [EVENT_END] = take_end,
    [EVENT_FAULT] = take_fault,     [EVENT_BROKEN] = take_broken,
    [EVENT_UNKNOWN] = take_unknown,
};

static bool is_callback(enum event_kind kind)
{
    return (kind >= EVENT_ALLOC && kind <= EVENT_UNPAD);
}

void case_record_feed(struct case_record *record, const struct event *event)
{
    record->host = event->host;
    if (event->kind < EVENT_COUNT && event->kind != EVENT_CALL) {
        struct call_record *call = case_running_call(record, event);
        if (call != NULL)
            call->events[event->kind]++;
    }
    record->callbacks += is_callback(event->kind);
    if (takers[event->kind] != NULL)
        takers[event->kind](record, event);
}
