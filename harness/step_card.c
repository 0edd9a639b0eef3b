/* SPDX-License-Identifier: Apache-2.0 */
/* The supporting calls, any entry point by name, and what happens to the card between calls. */
#include "step_run.h"

#include "card_control.h"
#include "mdcts/cardmod.h"
#include "mdcts/status.h"

#include <stddef.h>
#include <string.h>

#define PROPERTY_BUFFER_BYTES 1024

void play_destroy_key(struct step_call *call)
{
    const char *name = reference_name(step_arg(call->step, "key"));
    struct binding *binding = name == NULL ? NULL : case_binding(call->run, name);
    if (name != NULL && binding == NULL) {
        call->outcome.why = arena_printf(call->run->arena, "key %s was never made", name);
        return;
    }
    if (!step_call_begin(call, "CardDestroyKey"))
        return;
    uint64_t handle =
        binding != NULL ? binding->key_handle : step_arg_uint(call->step, "handle", 0);
    call_image_set_number(call->image, "hKey", handle);
    node_add(call->args, "hKey", node_new_uint(call->run->arena, handle));
    step_call_do(call);
}

/* Starts a call on the container that the step names. */
static bool begin_container_call(struct step_call *call, const char *entry)
{
    uint8_t container = 0;
    const struct node *row;
    if (!step_find_container(call->run, call->step, &container, &row)) {
        call->outcome.why = "the card has no such container";
        return false;
    }
    if (!step_call_begin(call, entry))
        return false;
    call_image_set_number(call->image, "bContainerIndex", container);
    node_add(call->args, "container", node_new_uint(call->run->arena, container));
    return true;
}

/* dwFlags, and dwVersion where the step gives one. */
static void set_common(struct step_call *call)
{
    uint32_t flags = step_flags(call->step);
    const struct node *version = step_arg(call->step, "version");
    uint64_t number;
    if (call_image_set_number(call->image, "dwFlags", flags))
        node_add(call->args, "flags", node_new_uint(call->run->arena, flags));
    if (node_to_uint(version, &number)) {
        call_image_set_number(call->image, "dwVersion", number);
        node_add(call->args, "version", node_new_uint(call->run->arena, number));
    }
}

static bool prepare_container_info(struct step_call *call)
{
    if (!begin_container_call(call, "CardGetContainerInfo"))
        return false;
    set_common(call);
    return true;
}

const struct step_parts container_info_parts = {prepare_container_info, step_call_finish};

/* `curve` stands for the specification of its key for agreements; "P-256" is AT_ECDHE_P256. */
static uint64_t key_spec(const struct step_call *call)
{
    const struct node *spec = step_arg(call->step, "spec");
    const char *curve = step_container(call->step, call->run->env->capabilities).curve;
    const char *name = node_text(spec);
    uint32_t named = 0;
    uint64_t value = AT_ECDHE_P256;
    if (curve != NULL)
        name = arena_printf(call->run->arena, "AT_ECDHE_P%s", curve + strlen("P-"));
    if (name != NULL && name_table_find(&key_spec_table, name, &named))
        return named;
    node_to_uint(spec, &value);
    return value;
}

void play_query_key_sizes(struct step_call *call)
{
    if (!step_call_begin(call, "CardQueryKeySizes"))
        return;
    uint64_t value = key_spec(call);
    call_image_set_number(call->image, "dwKeySpec", value);
    node_add(call->args, "spec", node_new_uint(call->run->arena, value));
    set_common(call);
    step_call_do(call);
}

void play_capabilities(struct step_call *call)
{
    if (!step_call_begin(call, "CardQueryCapabilities"))
        return;
    set_common(call);
    step_call_do(call);
}

static void set_property(struct step_call *call)
{
    const char *name = step_arg_text(call->step, "name", "");
    call_image_set_text(call->image, "wszProperty", name);
    call_image_set_buffer(call->image, "pbData", PROPERTY_BUFFER_BYTES);
    node_add(call->args, "name", node_new_string(call->run->arena, name));
    set_common(call);
    step_call_do(call);
}

void play_get_property(struct step_call *call)
{
    if (step_call_begin(call, "CardGetProperty"))
        set_property(call);
}

void play_container_property(struct step_call *call)
{
    if (begin_container_call(call, "CardGetContainerProperty"))
        set_property(call);
}

/* Of files only their length is kept; what the container map says of sizes is no secret. */
static void note_container_map(struct step_call *call)
{
    struct arena *arena = call->run->arena;
    struct node *map = node_new_list(arena);
    struct bytes file = {NULL, 0};
    if (call->result.follow_count > 0 && call->result.follows[0].readable)
        file = call->result.follows[0].bytes;
    for (size_t at = 0; at + sizeof(CONTAINER_MAP_RECORD) <= file.len;
         at += sizeof(CONTAINER_MAP_RECORD)) {
        CONTAINER_MAP_RECORD record;
        memcpy(&record, file.data + at, sizeof record);
        struct node *row = node_append(map, node_new_map(arena));
        node_add(row, "flags", node_new_uint(arena, record.bFlags));
        node_add(row, "sig", node_new_uint(arena, record.wSigKeySizeBits));
        node_add(row, "key_ex", node_new_uint(arena, record.wKeyExchangeKeySizeBits));
    }
    node_add(call->outcome.out, "container_map", map);
}

void play_read_file(struct step_call *call)
{
    const char *directory = step_arg_text(call->step, "directory", NULL);
    const char *file = step_arg_text(call->step, "file", NULL);
    if (!step_call_begin(call, "CardReadFile"))
        return;
    if (directory != NULL)
        call_image_set_text(call->image, "pszDirectoryName", directory);
    if (file != NULL)
        call_image_set_text(call->image, "pszFileName", file);
    set_common(call);
    step_call_make(call);
    if (call->outcome.ran && call->outcome.status == SCARD_S_SUCCESS && file != NULL &&
        strcmp(file, szCONTAINER_MAP_FILE) == 0)
        note_container_map(call);
    step_call_finish(call);
}

void play_call(struct step_call *call)
{
    if (step_call_begin(call, step_arg_text(call->step, "entry", "")))
        step_call_do(call);
}

/* Every allocation so far has become an event; the judge counts those that are still held. */
void play_ledger(struct step_call *call)
{
    struct node *event = case_event(call->run, "ledger");
    node_add(event, "as", node_new_string(call->run->arena, step_binds(call->step)));
    case_emit(call->run, event);
    call->outcome.ran = true;
}

/* ---- what happens to the card ---- */

static bool virtual_action(struct step_call *call, bool (*act)(struct card_control *card))
{
    struct card_control *card = call->run->env->cards[call->context->reader];
    bool ok = card != NULL && act(card);
    struct node *event = case_event(call->run, "card");
    node_add(event, "action", node_new_string(call->run->arena, call->step->op_name));
    node_add(event, "ok", node_new_bool(call->run->arena, ok));
    case_emit(call->run, event);
    return ok;
}

static struct host_action card_action(const struct step_call *call, enum card_action action)
{
    return (struct host_action){.action = action,
                                .reader = call->context->reader,
                                .step = call->run->step,
                                .timeout_ms = case_timeout_ms(call->run, call->step)};
}

static bool host_action(struct step_call *call, enum card_action action)
{
    struct bytes response;
    uint32_t status;
    struct host_action wanted = card_action(call, action);
    return host_card(call->run->host, &wanted, &status, &response) == HOST_RETURNED;
}

/* What the card refuses has changed nothing, and the case has no question to put. */
static bool foreign_command(struct step_call *call)
{
    struct arena *arena = call->run->arena;
    struct bytes response;
    uint32_t status;
    struct host_action foreign = card_action(call, CARD_FOREIGN);
    if (!byte_value_read(arena, step_arg(call->step, "apdu"), &foreign.apdu) ||
        host_card(call->run->host, &foreign, &status, &response) != HOST_RETURNED)
        return false;
    if (status != 0 || response.len < 2) /* the card's event says so */
        return false;
    const uint8_t *sw = response.data + response.len - 2;
    if (sw[0] == 0x90 || sw[0] == 0x61)
        return true;
    call->outcome.why = arena_printf(
        arena, "the card refuses the other client's command (status word %02X%02X)", sw[0], sw[1]);
    return false;
}

/* A new connection, whose handles the caller writes into every CARD_DATA it has. */
static bool reconnect(struct step_call *call)
{
    struct case_run *run = call->run;
    struct host_card card;
    uint32_t timeout_ms = case_timeout_ms(run, call->step), reader = call->context->reader;
    if (!host_action(call, CARD_DISCONNECT) ||
        host_connect(run->host, reader, run->env->readers[reader], timeout_ms, &card) !=
            HOST_RETURNED ||
        card.status != 0)
        return false;
    const struct host_member members[] = {
        {offsetof(CARD_DATA, hSCardCtx), 8, {.kind = VALUE_NUMBER, .number = card.context}},
        {offsetof(CARD_DATA, hScard), 8, {.kind = VALUE_NUMBER, .number = card.card}},
    };
    for (size_t i = 0; i < run->context_count; i++)
        if (run->contexts[i].made && run->contexts[i].process == run->process &&
            run->contexts[i].reader == reader)
            host_context_set(run->host, (uint32_t)i, members, 2);
    return true;
}

void play_card(struct step_call *call)
{
    static const struct {
        enum step_op op;
        enum card_action action;
    } rows[] = {
        {STEP_BEGIN_TRANSACTION, CARD_BEGIN_TRANSACTION},
        {STEP_END_TRANSACTION, CARD_END_TRANSACTION},
        {STEP_RESET, CARD_RESET},
    };
    bool done = false;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].op == call->step->op)
            done = host_action(call, rows[i].action);
    if (call->step->op == STEP_FOREIGN)
        done = foreign_command(call);
    if (call->step->op == STEP_RECONNECT)
        done = reconnect(call);
    if (call->step->op == STEP_REMOVE)
        done = virtual_action(call, card_control_remove);
    if (call->step->op == STEP_INSERT)
        done = virtual_action(call, card_control_insert);
    call->outcome.ran = done;
    if (!done && call->outcome.why == NULL)
        call->outcome.why = "the card could not be acted on";
}
