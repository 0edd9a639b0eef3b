/* SPDX-License-Identifier: Apache-2.0 */
#include "caller.h"
#include "agreement.h"
#include "callbacks.h"
#include "channel.h"
#include "compare.h"
#include "context.h"
#include "heap.h"
#include "lane.h"
#include "ledger.h"
#include "meeting.h"
#include "objects.h"
#include "pcsc.h"
#include "scratch.h"
#include "threads.h"
#include "value.h"

#include "../base/clock.h"
#include "../base/poison.h"
#include "mdcts/cardmod.h"

#include <dlfcn.h>

/* Every entry point takes at most ten arguments of at most a register's width; surplus ones do no
 * harm in either calling convention of x86-64. */
typedef DWORD WINAPI entry_function(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                                    uint64_t, uint64_t, uint64_t, uint64_t);

static const struct {
    const char *name;
    uint16_t offset;
} entries[ENTRY_COUNT] = {
#define ENTRY_ROW(name, offset, version, args) {#name, offset},
#include "../base/entry_points.def"
#undef ENTRY_ROW
};

#define ENTRY_ROW(name, at, version, args)                                                         \
    _Static_assert((at) == 0 || (at) < sizeof(CARD_DATA), #name);
#include "../base/entry_points.def"
#undef ENTRY_ROW
_Static_assert(offsetof(CARD_DATA, pfnCardDeleteContext) == 0x78 &&
                   offsetof(CARD_DATA, pfnCardDeriveKey) == 0x148 &&
                   offsetof(CARD_DATA, pfnCardCreateContainerEx) == 0x1F0,
               "entry_points.def follows cardmod.h");

static entry_function *acquire;
static uint64_t load_ns;
static const char *volatile running[LANES];

const char *caller_entry(void)
{
    return running[lane_number()];
}

/* The loader says "NAME: cannot open shared object file: ..." of the library that it did not find.
 */
static void put_load_error(struct frame_writer *event, const char *driver, const char *error)
{
    frame_put_text(event, EV_ERROR, error);
    const char *end = strstr(error, ": cannot open shared object file");
    if (end == NULL || strncmp(error, driver, strlen(driver)) == 0)
        return;
    frame_put_typed(event, EV_MISSING, FIELD_TEXT,
                    (struct bytes){(const uint8_t *)error, (size_t)(end - error)});
}

/* The driver that the server loaded before this process was forked; handle NULL: none. */
static struct {
    void *handle;
    void *symbol;
    const char *path;
} preloaded;

static void *find_acquire(void *library)
{
    return library == NULL ? NULL : dlsym(library, entries[ENTRY_CardAcquireContext].name);
}

bool caller_preload(const char *driver)
{
    preloaded.handle = dlopen(driver, RTLD_NOW | RTLD_LOCAL);
    preloaded.symbol = find_acquire(preloaded.handle);
    preloaded.path = driver;
    return preloaded.handle != NULL;
}

uint64_t caller_load_ns(void)
{
    return load_ns;
}

bool caller_load(const char *driver)
{
    bool is_preloaded = preloaded.handle != NULL && strcmp(preloaded.path, driver) == 0;
    uint64_t start = clock_ns();
    running[0] = "dlopen";
    void *library = is_preloaded ? preloaded.handle : dlopen(driver, RTLD_NOW | RTLD_LOCAL);
    const char *error = library == NULL ? dlerror() : NULL;
    void *symbol = is_preloaded ? preloaded.symbol : find_acquire(library);
    running[0] = NULL;
    load_ns = clock_ns() - start;
    memcpy(&acquire, &symbol, sizeof acquire);
    struct frame_writer *event = channel_event(EVENT_LOAD);
    frame_put_uint(event, EV_OK, library != NULL);
    if (error != NULL)
        put_load_error(event, driver, error);
    frame_put_uint(event, EV_EXPORT, symbol != NULL);
    channel_keep(event);
    return symbol != NULL;
}

static entry_function *find_function(const struct wire_call *call)
{
    entry_function *function = NULL;
    if (call->entry >= ENTRY_COUNT)
        return NULL;
    if (entries[call->entry].offset == 0)
        return acquire;
    const struct context *context = context_get(call->table);
    size_t offset = entries[call->entry].offset;
    if (context != NULL && offset + sizeof function <= context->region.size)
        memcpy(&function, context->region.data + offset, sizeof function);
    return function;
}

static struct bytes find_rows(struct bytes fields, uint16_t id)
{
    struct frame_field field;
    return frame_find(fields, id, FIELD_BYTES, &field) ? field.bytes : (struct bytes){0};
}

bool caller_parse(struct bytes fields, struct caller_request *out)
{
    out->args = find_rows(fields, FIELD_ARGS);
    out->objects = find_rows(fields, FIELD_OBJECTS);
    out->data = find_rows(fields, FIELD_DATA);
    out->relocations = find_rows(fields, FIELD_RELOCATIONS);
    out->follows = find_rows(fields, FIELD_FOLLOWS);
    out->answers = find_rows(fields, FIELD_ANSWERS);
    out->patches = find_rows(fields, FIELD_PATCHES);
    return wire_row(find_rows(fields, FIELD_HEAD), 0, &out->head, sizeof out->head);
}

static bool relocate(struct bytes rows)
{
    struct wire_relocation row;
    for (size_t i = 0; wire_row(rows, i, &row, sizeof row); i++) {
        uint64_t value;
        uint8_t *at = object_at(row.object, row.offset, sizeof value);
        if (at == NULL || i >= HOST_RELOCATIONS_MAX || !value_resolve(row.value, &value))
            return false;
        memcpy(at, &value, sizeof value);
    }
    return true;
}

static bool resolve_args(struct bytes rows, uint64_t args[HOST_ARGS_MAX])
{
    struct wire_value row;
    for (size_t i = 0; wire_row(rows, i, &row, sizeof row); i++)
        if (i >= HOST_ARGS_MAX || !value_resolve(row, &args[i]))
            return false;
    return true;
}

static bool prepare(const struct caller_request *request, uint64_t args[HOST_ARGS_MAX])
{
    return objects_place(request->objects, request->data) && relocate(request->relocations) &&
           resolve_args(request->args, args) &&
           agreement_script(request->answers, request->head.current) &&
           objects_seal(request->objects) && follows_valid(request->follows);
}

enum { STACK_POISON_LEN = 16 * 1024 };

struct invocation {
    entry_function *function;
    const uint64_t *a;
    uint32_t status;
};

/* What a driver reads before it has written it is not the zeros of a fresh stack.  Nothing on this
 * one lies deeper. */
static __attribute__((noinline)) void poison_stack(void)
{
    uint8_t below[STACK_POISON_LEN];
    memset(below, POISON_STACK, sizeof below);
    __asm__ volatile("" : : "r"(below) : "memory"); /* it is looked at */
}

static void invoke(void *data)
{
    struct invocation *one = data;
    const uint64_t *a = one->a;
    poison_stack();
    heap_is_drivers(true);
    one->status = one->function(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9]);
    heap_is_drivers(false);
    /* A child that came back, too: it shares the parent's connections to runner and daemon. */
    channel_end_child();
}

/* A transaction for the time of a call, unless there is none to be had. */
static bool begin_transaction(const struct wire_call *head, uint32_t reader, uint32_t *status)
{
    if (head->transaction == 0 || !pcsc_transaction_enter(reader))
        return false;
    *status = pcsc_begin(reader);
    return true;
}

static void end_transaction(uint32_t reader, uint32_t *result)
{
    uint32_t status = pcsc_transaction_held(reader) ? pcsc_end(reader) : 0;
    if (status != 0)
        *result = status;
    pcsc_transaction_leave(reader);
}

/* The driver runs; nothing of the host's is locked meanwhile. */
static void call(const struct wire_call *head, entry_function *function, const uint64_t *a,
                 struct wire_result *out)
{
    struct invocation one = {.function = function, .a = a};
    const struct context *context = context_get(head->current);
    uint32_t reader = context == NULL ? 0 : context->reader, lane = lane_number();
    contexts_remember(head->current);
    callbacks_start_call(head);
    lanes_unlock();
    bool transaction = begin_transaction(head, reader, &out->transaction_status);
    running[lane] = entries[head->entry].name;
    uint64_t start = clock_ns();
    if (lane == 0)
        threads_run(invoke, &one);
    else
        invoke(&one);
    out->status = one.status;
    out->duration_ns = clock_ns() - start;
    running[lane] = NULL;
    meeting_come(MEET_RETURN);
    if (transaction)
        end_transaction(reader, &out->transaction_status);
    lanes_lock();
    callbacks_end_call(out);
}

static struct {
    uint32_t block;
    enum ledger_damage damage;
} damages[64];
static size_t damage_count;

static void note_damage(uint32_t block, enum ledger_damage damage)
{
    if (damage_count < sizeof damages / sizeof *damages) {
        damages[damage_count].block = block;
        damages[damage_count++].damage = damage;
    }
}

/* Events are sent after the ledger has given its lock back. */
static void report_damage(void)
{
    damage_count = 0;
    ledger_check(note_damage);
    for (size_t i = 0; i < damage_count; i++) {
        struct frame_writer *event = channel_event(EVENT_DAMAGE);
        frame_put_uint(event, EV_BLOCK, damages[i].block);
        frame_put_text(event, EV_KIND, ledger_damage_name(damages[i].damage));
        channel_keep(event);
    }
}

static struct frame_writer *reply_begin(const struct caller_reply *to, enum reply_state state)
{
    struct frame_writer *reply = channel_reply(to->kind);
    frame_put_uint(reply, FIELD_STATE, state);
    if (to->kind == NOTE_RETURNED)
        frame_put_uint(reply, FIELD_NUMBER, to->number);
    return reply;
}

static void reply_state(const struct caller_reply *to, enum reply_state state)
{
    channel_send(reply_begin(to, state));
}

/* The second reply to a call, as if the freeing had been asked for. */
static void free_returned(void)
{
    static const struct caller_reply freed = {.kind = REPLY + REQUEST_FREE};
    follows_free();
    reply_state(&freed, REPLY_DONE);
}

static void reply_result(const struct caller_reply *to, const struct caller_request *request,
                         const struct wire_result *result)
{
    struct frame_writer *reply = reply_begin(to, REPLY_DONE);
    frame_put_bytes(reply, FIELD_HEAD, result, sizeof *result);
    compare_put(reply, request->head.current);
    images_put(reply);
    follows_put(reply, request->follows);
    const struct context *current = context_get(request->head.current);
    if (current != NULL)
        frame_put_bytes(reply, FIELD_CARD_DATA, current->region.data, current->region.size);
    bool frees = request->head.free_returned != 0 && to->kind == REPLY + REQUEST_CALL;
    if (!(frees ? channel_keep(reply) : channel_send(reply)))
        reply_state(to, REPLY_MALFORMED);
    else if (frees)
        free_returned();
}

static void keep(const struct caller_request *request, const struct wire_result *result,
                 struct caller_kept *kept)
{
    const struct wire_call *head = &request->head;
    uint8_t *at = object_at(head->keep_object, head->keep_offset, head->keep_width);
    kept->valid = result->status == 0 && head->keep_width > 0 &&
                  head->keep_width <= sizeof kept->value && at != NULL;
    if (kept->valid)
        memcpy(&kept->value, at, head->keep_width);
}

static bool patch(const struct caller_request *request, const struct caller_kept *all,
                  uint64_t args[HOST_ARGS_MAX])
{
    struct wire_patch row;
    for (size_t i = 0; wire_row(request->patches, i, &row, sizeof row); i++) {
        if (all == NULL || row.call >= HOST_PARALLEL_MAX || row.width > sizeof all->value ||
            i >= HOST_PATCHES_MAX)
            return false;
        const uint64_t *value = &all[row.call].value;
        if (row.object != HOST_ARGUMENT && !objects_patch(row.object, row.offset, value, row.width))
            return false;
        if (row.object == HOST_ARGUMENT && row.offset >= HOST_ARGS_MAX)
            return false;
        if (row.object == HOST_ARGUMENT)
            args[row.offset] = *value;
    }
    return true;
}

static void perform(const struct caller_request *request, const struct caller_reply *to)
{
    uint64_t args[HOST_ARGS_MAX] = {0};
    struct wire_result result = {0};
    if (!prepare(request, args) || !patch(request, to->kept, args)) {
        reply_state(to, REPLY_MALFORMED);
        return;
    }
    entry_function *function = find_function(&request->head);
    if (function == NULL) {
        reply_state(to, REPLY_NOT_CALLED);
        return;
    }
    call(&request->head, function, args, &result);
    report_damage();
    if (to->kept != NULL)
        keep(request, &result, &to->kept[to->number]);
    reply_result(to, request, &result);
    if (request->head.cache_after != 0 && result.status == 0)
        context_after_acquire(request->head.current);
    contexts_forget(request->head.current);
}

void caller_perform(const struct caller_request *request, const struct caller_reply *to)
{
    lanes_lock();
    perform(request, to);
    objects_drop();
    lanes_unlock();
}

void caller_run(struct bytes fields)
{
    struct caller_request request;
    struct caller_reply to = {.kind = REPLY + REQUEST_CALL};
    bool valid = caller_parse(fields, &request);
    if (valid)
        channel_set_step(request.head.step);
    if (valid)
        caller_perform(&request, &to);
    else
        reply_state(&to, REPLY_MALFORMED);
    scratch_reset();
    channel_wipe();
}
