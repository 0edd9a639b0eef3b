/* SPDX-License-Identifier: Apache-2.0 */
#include "step_run.h"

#include "mdcts/status.h"

#include "card_control.h"
#include "case_process.h"
#include "freed_search.h"
#include "residue.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const struct step_parts *const parts[] = {
    [STEP_ACQUIRE] = &acquire_parts,     [STEP_DELETE_CONTEXT] = &delete_context_parts,
    [STEP_CONSTRUCT] = &construct_parts, [STEP_DERIVE] = &derive_parts,
    [STEP_DESTROY] = &destroy_parts,     [STEP_CONTAINER_INFO] = &container_info_parts,
};

const struct step_parts *step_parts_of(enum step_op op)
{
    return (size_t)op < sizeof parts / sizeof parts[0] ? parts[op] : NULL;
}

static void play_parts(struct step_call *call)
{
    const struct step_parts *own = step_parts_of(call->step->op);
    if (!own->prepare(call))
        return;
    step_call_make(call);
    own->conclude(call);
}

static step_player *const players[] = {
    [STEP_ACQUIRE] = play_parts,
    [STEP_DELETE_CONTEXT] = play_parts,
    [STEP_AUTHENTICATE] = play_authenticate,
    [STEP_DEAUTHENTICATE] = play_deauthenticate,
    [STEP_CONSTRUCT] = play_parts,
    [STEP_DERIVE] = play_parts,
    [STEP_DESTROY] = play_parts,
    [STEP_DESTROY_KEY] = play_destroy_key,
    [STEP_CONTAINER_INFO] = play_parts,
    [STEP_QUERY_KEY_SIZES] = play_query_key_sizes,
    [STEP_CAPABILITIES] = play_capabilities,
    [STEP_GET_PROPERTY] = play_get_property,
    [STEP_CONTAINER_PROPERTY] = play_container_property,
    [STEP_READ_FILE] = play_read_file,
    [STEP_CALL] = play_call,
    [STEP_BEGIN_TRANSACTION] = play_card,
    [STEP_END_TRANSACTION] = play_card,
    [STEP_RESET] = play_card,
    [STEP_REMOVE] = play_card,
    [STEP_INSERT] = play_card,
    [STEP_RECONNECT] = play_card,
    [STEP_FOREIGN] = play_card,
    [STEP_LEDGER] = play_ledger,
    [STEP_SET_CARD_DATA] = play_set_card_data,
    [STEP_RELATE] = NULL, /* a question to the judge; nothing is played */
};

struct step_result step_not_run(struct case_run *run, const char *why)
{
    struct node *event = case_event(run, "not_run");
    node_add(event, "why", node_new_string(run->arena, why));
    case_emit(run, event);
    return (struct step_result){.why = why};
}

/* A context stays where it was acquired. */
static bool enter_process(struct step_call *call)
{
    const struct step *step = call->step;
    bool acquire = step->op == STEP_ACQUIRE && !call->context->made;
    if (!acquire) {
        case_process_enter_nth(call->run, call->context->process);
        return true;
    }
    bool ok = case_process_enter(call->run, step_arg_text(step, "process", NULL));
    call->context->process = call->run->process;
    return ok;
}

struct step_result step_run(struct case_run *run, const struct step *step)
{
    step_player *play = players[step->op];
    if (play == NULL)
        return (struct step_result){.ran = true};
    struct step_call call = {.run = run, .step = step};
    const char *name = step->op == STEP_ACQUIRE ? step_binds(step) : step->context;
    call.context = case_context(run, name);
    if (call.context == NULL)
        return step_not_run(run, "too many contexts");
    call.context_id = (uint32_t)(call.context - run->contexts);
    if (!enter_process(&call))
        return step_not_run(run, "no further process could be started");
    run->thread = step->thread;
    play(&call);
    run->thread = 0;
    case_process_enter_nth(run, 0);
    if (!call.outcome.ran && call.outcome.why != NULL)
        return step_not_run(run, call.outcome.why);
    return call.outcome;
}

bool step_call_begin(struct step_call *call, const char *entry)
{
    const struct entry_layout *layout = entry_layout_find(entry);
    if (layout == NULL || !call->context->made) {
        call->outcome.why =
            arena_printf(call->run->arena, "context %s was not acquired", call->context->name);
        return false;
    }
    call->entry = entry;
    call->plain = false;
    call->raw = call->step->raw;
    call->image = call_image_new(call->run->arena, layout, call->context_id);
    call->args = node_new_map(call->run->arena);
    return true;
}

/* ---- raw ---- */

static void apply_raw(struct step_call *call)
{
    const struct node *raw = call->plain ? NULL : call->raw;
    for (const struct node *item = raw == NULL ? NULL : raw->first; item != NULL;
         item = item->next) {
        struct raw_value value;
        bool known = raw_value_read(call->run->arena, item, &value) &&
                     call_image_set_raw(call->image, item->key, &value);
        if (!known)
            call->outcome.why = arena_printf(call->run->arena, "%s has no member or parameter %s",
                                             call->entry, item->key);
    }
    if (raw != NULL)
        node_add(call->args, "raw", node_copy(call->run->arena, raw));
}

/* ---- the scripted callbacks ---- */

/* The round, if this is the swept call; NULL: it isn't. */
static struct round *round_here(const struct step_call *call)
{
    struct round *round = call->run->round;
    return round != NULL && !call->plain && call->step->sweep.fault_count != 0 ? round : NULL;
}

static void apply_script(struct step_call *call, struct host_call *made)
{
    const struct callback_script *script = &call->step->callbacks;
    const struct round *round = round_here(call);
    if (call->plain)
        return;
    made->alloc.nth = script->alloc_fail != 0 ? script->alloc_fail : script->alloc_fail_from;
    made->alloc.from_then_on = script->alloc_fail == 0;
    if (round == NULL)
        return;
    struct host_fault fault = {round->nth, round->from_then_on};
    if (round->fault == SWEEP_CSP_ALLOC)
        made->alloc = fault;
    else if (round->fault == SWEEP_CSP_REALLOC)
        made->realloc = fault;
    else if (round->fault == SWEEP_MALLOC)
        made->heap = fault;
}

/* A card, reader or daemon that is gone stays so; a line that was disturbed recovers. */
static bool trouble_lasts(const struct trouble *trouble)
{
    static const uint32_t moments[] = {SCARD_E_COMM_DATA_LOST, SCARD_E_NOT_TRANSACTED,
                                       SCARD_E_TIMEOUT, SCARD_F_COMM_ERROR};
    bool lasts = trouble->kind == TROUBLE_RETURN;
    for (size_t i = 0; i < sizeof moments / sizeof *moments; i++)
        lasts = lasts && trouble->value != moments[i];
    return lasts;
}

static void apply_pcsc(const struct trouble *trouble, struct host_call *made)
{
    static const enum host_trouble kinds[] = {
        [TROUBLE_RETURN] = HOST_TROUBLE_RETURN, [TROUBLE_STATUS] = HOST_TROUBLE_STATUS,
        [TROUBLE_CUT] = HOST_TROUBLE_CUT,       [TROUBLE_SHORT] = HOST_TROUBLE_SHORT,
        [TROUBLE_DELAY] = HOST_TROUBLE_DELAY,   [TROUBLE_PREVIOUS] = HOST_TROUBLE_PREVIOUS,
    };
    bool each = trouble->at == 0;
    made->pcsc = (struct host_fault){each ? 1 : trouble->at, each || trouble_lasts(trouble)};
    made->pcsc_trouble = kinds[trouble->kind];
    made->pcsc_value = trouble->value;
}

/* To destroy it changes nothing. */
static uint32_t unused_index(struct step_call *call)
{
    static const struct agreement_ref unused = {.kind = AGREEMENT_UNUSED};
    const char *why = NULL;
    uint8_t index = UINT8_MAX;
    step_resolve_agreement(call->run, &unused, call->context_id, &index, &why);
    return index;
}

static void prepare_answers(struct step_call *call)
{
    const struct callback_script *script = &call->step->callbacks;
    struct image_answer *answers =
        arena_array(call->run->arena, struct image_answer, script->answer_count + 1);
    for (size_t i = 0; i < script->answer_count; i++) {
        const struct callback_answer *from = &script->answers[i];
        answers[i] = (struct image_answer){
            .handle = from->handle,
            .status = from->status,
            .write = from->write,
            .delay_ms = from->delay_ms,
        };
        if (from->calls_back)
            answers[i].calls_back = 1u + unused_index(call);
        /* An answer that writes nothing names no index. */
        bool named = from->index.kind != AGREEMENT_NAMED || from->index.name != NULL;
        if (named)
            step_resolve_agreement(call->run, &from->index, call->context_id, &answers[i].index,
                                   &call->outcome.why);
    }
    call_image_set_answers(call->image, answers, script->answer_count);
}

/* ---- events ---- */

void step_call_record(struct step_call *call)
{
    struct arena *arena = call->run->arena;
    struct node *event = case_event(call->run, "call");
    node_add(event, "entry", node_new_string(arena, call->entry));
    node_add(event, "context", node_new_string(arena, call->context->name));
    if (call->sub != 0)
        node_add(event, "sub", node_new_uint(arena, call->sub));
    node_add(event, "args", call->args);
    case_emit(call->run, event);
}

static void emit_changed(struct case_run *run, const char *what, const char *name, int64_t offset,
                         size_t len)
{
    struct node *event = case_event(run, "changed");
    node_add(event, "what", node_new_string(run->arena, what));
    node_add(event, "name", node_new_string(run->arena, name));
    node_add(event, "offset", node_new_int(run->arena, offset));
    node_add(event, "length", node_new_uint(run->arena, len));
    case_emit(run, event);
}

static void emit_object_changes(struct step_call *call)
{
    for (size_t i = 0; i < call->result.object_count; i++) {
        const struct host_change *change = &call->result.objects[i];
        bool beyond;
        const char *name = call_image_changed(call->image, change, &beyond);
        if (name != NULL)
            emit_changed(call->run, beyond ? "beyond" : "input", name, change->offset,
                         change->after.len);
    }
}

/* Members of CARD_DATA that belong to the caller and lie in the bytes from first on that changed.
 */
static void emit_member_changes(struct step_call *call, const struct host_change *change,
                                size_t first)
{
    bool acquiring = strcmp(call->entry, "CardAcquireContext") == 0;
    size_t count, end = first + change->after.len;
    const struct value_layout *members = card_data_members(&count);
    for (size_t i = 0; i < count; i++) {
        if (members[i].offset >= end || (size_t)members[i].offset + members[i].size <= first)
            continue;
        enum card_data_owner owner = card_data_owner(&members[i]);
        if (owner == OWNER_CALLER || owner == OWNER_CALLER_LATER ||
            (owner == OWNER_BOTH && !acquiring))
            emit_changed(call->run, "card_data", members[i].name, change->offset,
                         change->after.len);
    }
}

/* Members that belong to the caller, and what lies behind the structure. */
static void emit_card_data_changes(struct step_call *call)
{
    for (size_t i = 0; i < call->result.context_count; i++) {
        const struct host_change *change = &call->result.contexts[i];
        if (change->index >= call->run->context_count)
            continue;
        size_t size = card_data_size(call->run->contexts[change->index].version);
        size_t first = change->offset < 0 ? SIZE_MAX : (size_t)change->offset;
        if (change->offset < 0 || first + change->after.len > size) {
            emit_changed(call->run, "beyond", "CARD_DATA", change->offset, change->after.len);
            continue;
        }
        emit_member_changes(call, change, first);
    }
}

static void emit_return(struct step_call *call)
{
    struct arena *arena = call->run->arena;
    struct node *event = case_event(call->run, "return");
    node_add(event, "entry", node_new_string(arena, call->entry));
    if (call->sub != 0)
        node_add(event, "sub", node_new_uint(arena, call->sub));
    node_add(event, "status", node_new_uint(arena, call->result.status));
    node_add(event, "out", node_copy(arena, call->outcome.out));
    node_add(event, "us", node_new_uint(arena, call->result.duration_ns / 1000));
    case_emit(call->run, event);
}

/* What will happen to the call's commands, by the card or by the tap; NULL: nothing. */
static const struct trouble *trouble_here(const struct step_call *call, bool by_tap,
                                          struct trouble *swept)
{
    const struct round *round = round_here(call);
    const struct trouble *own = by_tap ? &call->step->pcsc : &call->step->card;
    if (call->plain)
        return NULL;
    if (round == NULL || round->fault != (by_tap ? SWEEP_PCSC : SWEEP_CARD))
        return own->kind == TROUBLE_NONE ? NULL : own;
    *swept = *round->trouble;
    swept->at = round->nth;
    return swept;
}

/* The trace says first what will happen. */
static void emit_trouble(struct step_call *call, const struct trouble *trouble, bool ok)
{
    struct arena *arena = call->run->arena;
    struct node *event = case_event(call->run, "card");
    node_add(event, "action", node_new_string(arena, "trouble"));
    node_add(event, "what", node_new_string(arena, trouble->what));
    node_add(event, "at", node_new_uint(arena, trouble->at));
    node_add(event, "ok", node_new_bool(arena, ok));
    case_emit(call->run, event);
    if (!ok)
        call->outcome.why = "the card can't be troubled";
}

static bool arm_card(struct step_call *call, const struct trouble *trouble)
{
    struct card_control *card = call->run->env->cards[call->context->reader];
    bool ok = card != NULL && card_control_fault(card, trouble->at, trouble->what);
    emit_trouble(call, trouble, ok);
    return ok;
}

static void disarm_card(struct step_call *call, const struct trouble *trouble)
{
    struct round *round = round_here(call);
    struct card_control *card = call->run->env->cards[call->context->reader];
    struct card_status status = {0};
    if (round != NULL && card_control_status(card, &status) && status.fired > 0) {
        struct node *event = case_event(call->run, "fault");
        node_add(event, "function", node_new_string(call->run->arena, trouble->what));
        node_add(event, "nth", node_new_uint(call->run->arena, round->nth));
        case_emit(call->run, event);
        round->fired = true;
    }
    card_control_clear(card);
}

bool step_call_draft(struct step_call *call, struct host_call *out)
{
    struct case_run *run = call->run;
    prepare_answers(call);
    apply_raw(call);
    call->outcome.ran = false;
    if (call->outcome.why != NULL)
        return false;
    *out = call_image_call(call->image);
    out->table = out->current = call->context_id;
    out->step = run->step;
    out->timeout_ms = case_timeout_ms(run, call->step);
    out->cache_after = call->step->op == STEP_ACQUIRE;
    out->free_returned = true;
    out->transaction = call->step->transaction && strcmp(call->entry, "CardDeleteContext") != 0;
    apply_script(call, out);
    return true;
}

void step_call_take(struct step_call *call, enum host_outcome outcome)
{
    struct case_run *run = call->run;
    if (outcome != HOST_RETURNED) {
        call->outcome.why =
            outcome == HOST_ABSENT
                ? arena_printf(run->arena, "the driver has no entry point %s", call->entry)
                : arena_printf(run->arena, "the host %s", host_outcome_name(outcome));
        return;
    }
    call->outcome.ran = true;
    call->outcome.status = call->result.status;
    call->outcome.duration_ns = call->result.duration_ns;
    run->calls_ns += call->result.duration_ns;
    if (call->outcome.out == NULL)
        call->outcome.out = call_image_outputs(call->image, &call->result);
}

void step_call_make(struct step_call *call)
{
    struct case_run *run = call->run;
    struct host_call made;
    struct trouble swept;
    residue_search(run);
    if (!step_call_draft(call, &made))
        return;
    const struct trouble *by_tap = trouble_here(call, true, &swept);
    const struct trouble *by_card = by_tap != NULL ? NULL : trouble_here(call, false, &swept);
    if (by_card != NULL && !arm_card(call, by_card))
        return;
    if (by_tap != NULL) {
        emit_trouble(call, by_tap, true);
        apply_pcsc(by_tap, &made);
    }
    step_call_record(call);
    run->freed_count = 0;
    freed_search_ahead(run);
    if (call->step->thread != 0)
        host_thread(run->host, call->step->thread);
    enum host_outcome outcome = host_call(run->host, &made, &call->result);
    if (call->step->thread != 0)
        host_thread(run->host, 0);
    if (by_card != NULL)
        disarm_card(call, by_card);
    if (round_here(call) != NULL)
        run->round->heap_uses = call->result.heap_uses;
    step_call_take(call, outcome);
}

void step_call_finish(struct step_call *call)
{
    if (!call->outcome.ran)
        return;
    freed_search(call->run, call_image_content(call->image, &call->result, "key"));
    emit_object_changes(call);
    emit_card_data_changes(call);
    emit_return(call);
    host_await_freed(call->run->host);
    residue_after(call);
}

void step_call_do(struct step_call *call)
{
    step_call_make(call);
    step_call_finish(call);
}
