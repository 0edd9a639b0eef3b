/* SPDX-License-Identifier: Apache-2.0 */
/* The link against a real mdcts-host and the hostile drivers; no PC/SC is needed. */
#include "link.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define DEADLINE_MS 20000u /* of what should not hang */
#define SHORT_MS    150u   /* of what does */

static struct arena arena;
static struct link *server;
static struct host *host;
static struct node *events;
static struct bytes freed; /* contents of the last freed block */

static void keep_event(void *data, struct node *event, struct bytes content)
{
    (void)data;
    node_append(events, event);
    if (content.len > 0)
        freed = bytes_copy(&arena, content);
}

static struct host *start_host(void)
{
    struct host_sink sink = {&arena, keep_event, NULL};
    struct host *started = host_start(server, &sink);
    assert_non_null(started);
    return started;
}

static int open_server(void **state)
{
    (void)state;
    static const char *const env[] = {"LC_ALL=C", "MDCTS_TEST=1", NULL};
    struct link_config config = {
        .server_fd = -1, .host_path = MDCTS_HOST, .env = env, .tap_path = MDCTS_TAP};
    const char *error = NULL;
    server = link_open(&config, &arena, &error);
    return server == NULL;
}

static int close_server(void **state)
{
    (void)state;
    link_close(server);
    arena_free(&arena);
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    events = node_new_list(&arena);
    freed = (struct bytes){0};
    host = start_host();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (host != NULL)
        host_kill(host);
    host = NULL;
    arena_reset(&arena);
    return 0;
}

/* The nth event of that kind, from 1. */
static struct node *find_event(const char *kind, int nth)
{
    for (struct node *event = events->first; event != NULL; event = event->next)
        if (strcmp(node_get_text(event, "e"), kind) == 0 && --nth == 0)
            return event;
    return NULL;
}

static uint64_t event_number(const char *kind, const char *key)
{
    return node_get_uint(find_event(kind, 1), key, UINT64_MAX);
}

static enum host_outcome load(const char *name)
{
    bool loaded;
    return host_load(host, arena_printf(&arena, MDCTS_DRIVERS "/hostile-%s.so", name), DEADLINE_MS,
                     &loaded);
}

static enum host_outcome acquire_with(const struct host_context *spec)
{
    struct host_value args[] = {{VALUE_CONTEXT, 0, 0}, {VALUE_NUMBER, 0, 0}};
    struct host_call call = {.entry = ENTRY_CardAcquireContext,
                             .step = 1,
                             .timeout_ms = DEADLINE_MS,
                             .args = args,
                             .arg_count = 2};
    struct host_result result;
    assert_int_equal(host_context_new(host, 0, spec), HOST_RETURNED);
    enum host_outcome outcome = host_call(host, &call, &result);
    if (outcome == HOST_RETURNED)
        assert_int_equal(result.status, 0);
    return outcome;
}

static enum host_outcome acquire(void)
{
    return acquire_with(&(struct host_context){.version = 7});
}

static uint8_t peer_key[72];

static enum host_outcome construct(struct host_result *result)
{
    uint8_t info[40] = {2};
    info[12] = sizeof peer_key;
    struct host_object objects[] = {
        {.name = "pAgreementInfo", .bytes = {info, sizeof info}, .whole = true},
        {.name = "pbPublicKey", .bytes = {peer_key, sizeof peer_key}}};
    struct host_relocation relocation = {0, 0x10, {VALUE_OBJECT, 1, 0}};
    struct host_value args[] = {{VALUE_CONTEXT, 0, 0}, {VALUE_OBJECT, 0, 0}};
    struct host_call call = {.entry = ENTRY_CardConstructDHAgreement,
                             .step = 2,
                             .timeout_ms = DEADLINE_MS,
                             .args = args,
                             .arg_count = 2,
                             .objects = objects,
                             .object_count = 2,
                             .relocations = &relocation,
                             .relocation_count = 1};
    return host_call(host, &call, result);
}

/* CARD_DERIVE_KEY of version 1, no parameters; the key is followed. */
static struct host_object derive_object = {
    .name = "CARD_DERIVE_KEY", .bytes = {(const uint8_t *)"\1", 1}, .size = 48, .whole = true};
static const struct host_value derive_args[] = {{VALUE_CONTEXT, 0, 0}, {VALUE_OBJECT, 0, 0}};
static const struct host_follow key_follow = {.object = 0,
                                              .offset = 0x20,
                                              .length = FOLLOW_FROM,
                                              .from_object = 0,
                                              .from_offset = 0x28,
                                              .from_width = 4};

static struct host_call derive_call(uint32_t timeout_ms)
{
    return (struct host_call){.entry = ENTRY_CardDeriveKey,
                              .step = 3,
                              .timeout_ms = timeout_ms,
                              .args = derive_args,
                              .arg_count = 2,
                              .objects = &derive_object,
                              .object_count = 1,
                              .follows = &key_follow,
                              .follow_count = 1};
}

static enum host_outcome derive(const char *driver, uint32_t timeout_ms, struct host_result *result)
{
    struct host_call call = derive_call(timeout_ms);
    assert_int_equal(load(driver), HOST_RETURNED);
    assert_int_equal(acquire(), HOST_RETURNED);
    return host_call(host, &call, result);
}

static struct host_ended end(void)
{
    struct host_ended ended = host_end(host, false, DEADLINE_MS);
    host = NULL;
    return ended;
}

/* ---- a driver that behaves ---- */

static void test_link__key_comes_back_and_is_freed(void **state)
{
    (void)state;
    struct host_result result;
    assert_int_equal(derive("none", DEADLINE_MS, &result), HOST_RETURNED);
    assert_int_equal(result.status, 0);
    assert_int_equal(result.follow_count, 1);
    const struct host_followed *key = &result.follows[0];
    assert_int_equal(key->pointer.kind, POINTER_BLOCK);
    assert_int_equal(key->pointer.index, 2);
    assert_int_equal(key->pointer.offset, 0);
    assert_true(key->pointer.live);
    assert_true(key->readable);
    assert_int_equal(key->bytes.len, 20);
    assert_int_equal(key->bytes.data[19], 0xEE);
    assert_int_equal(result.allocs, 1);
    assert_int_equal(result.blocks_live, 2);
    assert_int_equal(result.images[0].len, 48);
    assert_int_equal(result.images[0].data[0x28], 20);
    assert_int_equal(host_free(host, 2, 4), HOST_RETURNED);
    struct node *event = find_event("free", 1);
    assert_string_equal(node_get_text(event, "state"), "live");
    assert_true(node_get_bool(event, "caller", false));
    assert_null(node_get(event, "content"));
    assert_int_equal(freed.len, 20);
    assert_int_equal(host_free(host, 2, 4), HOST_REFUSED);
    assert_true(end().clean);
}

static void test_link__events_are_numbered_and_charged_to_steps(void **state)
{
    (void)state;
    struct host_result result;
    assert_int_equal(derive("none", DEADLINE_MS, &result), HOST_RETURNED);
    struct node *first = find_event("alloc", 1), *second = find_event("alloc", 2);
    assert_int_equal(node_get_uint(first, "s", 0), 1);
    assert_int_equal(node_get_uint(second, "s", 0), 3);
    assert_int_equal(node_get_uint(first, "size", 0), 64);
    assert_true(node_get_uint(first, "q", 0) < node_get_uint(second, "q", 0));
    assert_null(node_get(first, "t"));
}

static void test_link__card_data_changes_and_images(void **state)
{
    (void)state;
    struct host_value args[] = {{VALUE_CONTEXT, 0, 0}, {VALUE_NUMBER, 0, 0}};
    struct host_call call = {.entry = ENTRY_CardAcquireContext,
                             .timeout_ms = DEADLINE_MS,
                             .args = args,
                             .arg_count = 2};
    struct host_result result;
    assert_int_equal(load("none"), HOST_RETURNED);
    struct host_context spec = {.version = 7};
    assert_int_equal(host_context_new(host, 0, &spec), HOST_RETURNED);
    assert_int_equal(host_call(host, &call, &result), HOST_RETURNED);
    assert_int_equal(result.card_data.len, HOST_CARD_DATA_SIZE);
    assert_int_equal(result.card_data.data[0], 7);
    assert_true(result.context_count >= 2);
    assert_in_range(result.contexts[0].offset, 0x70, 0x78);
    call.entry = ENTRY_CardDeauthenticate;
    assert_int_equal(host_call(host, &call, &result), HOST_ABSENT);
}

static void test_link__version_4_has_no_derive(void **state)
{
    (void)state;
    struct host_result result;
    struct host_call call = derive_call(DEADLINE_MS);
    assert_int_equal(load("none"), HOST_RETURNED);
    struct host_context spec = {.version = 4, .size = 328};
    assert_int_equal(acquire_with(&spec), HOST_RETURNED);
    assert_int_equal(host_call(host, &call, &result), HOST_ABSENT);
    assert_int_equal(construct(&result), HOST_RETURNED);
    assert_int_equal(result.images[0].data[0x24], 7);
}

static void test_link__secret_handle_is_answered_by_address(void **state)
{
    (void)state;
    struct host_result result;
    static const uint8_t buffers[] = {8, 0, 0, 0, 6, 0, 0, 0, 0x11, 0x22, 0, 0, 0, 0, 0, 0};
    static const uint8_t list[] = {0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    struct host_object objects[] = {
        derive_object,
        {.name = "BCryptBufferDesc", .bytes = {list, sizeof list}},
        {.name = "BCryptBuffer", .bytes = {buffers, sizeof buffers}}};
    struct host_relocation relocations[] = {{0, 0x18, {VALUE_OBJECT, 1, 0}},
                                            {1, 8, {VALUE_OBJECT, 2, 0}}};
    struct host_answer answer = {.name = "h1",
                                 .handle = 0x2211,
                                 .object = 2,
                                 .index = 0x5A,
                                 .status = 0,
                                 .write = true};
    struct host_call call = derive_call(DEADLINE_MS);
    call.objects = objects;
    call.object_count = 3;
    call.relocations = relocations;
    call.relocation_count = 2;
    call.answers = &answer;
    call.answer_count = 1;
    assert_int_equal(load("none"), HOST_RETURNED);
    assert_int_equal(acquire(), HOST_RETURNED);
    assert_int_equal(host_call(host, &call, &result), HOST_RETURNED);
    struct node *event = find_event("get_dh_agreement", 1);
    assert_string_equal(node_get_text(event, "card_data"), "same");
    assert_string_equal(node_get_text(event, "handle"), "address");
    assert_string_equal(node_get_text(event, "name"), "h1");
    assert_string_equal(node_get_text(event, "index_pointer"), "ok");
    assert_int_equal(node_get_uint(event, "parameter", 9), 0);
    assert_int_equal(node_get_uint(node_get(event, "answer"), "index", 0), 0x5A);
    assert_int_equal(result.follows[0].bytes.data[0], 0x5A);
    call.answer_count = 0;
    assert_int_equal(host_call(host, &call, &result), HOST_RETURNED);
    assert_int_equal(result.status, 0x80100004);
    assert_string_equal(node_get_text(find_event("get_dh_agreement", 2), "handle"), "unknown");
}

static void test_link__faults_fire_when_told(void **state)
{
    (void)state;
    struct host_result result;
    struct host_call call = derive_call(DEADLINE_MS);
    assert_int_equal(load("none"), HOST_RETURNED);
    assert_int_equal(acquire(), HOST_RETURNED);
    call.alloc = (struct host_fault){.nth = 1};
    assert_int_equal(host_call(host, &call, &result), HOST_RETURNED);
    assert_int_equal(result.status, 0x80100006);
    assert_true(result.alloc_fault_fired);
    assert_true(node_get_bool(find_event("alloc", 2), "failed", false));
    call.alloc = (struct host_fault){.nth = 2, .from_then_on = true};
    assert_int_equal(host_call(host, &call, &result), HOST_RETURNED);
    assert_int_equal(result.status, 0);
    assert_false(result.alloc_fault_fired);
}

static void test_link__megabyte_objects_pass(void **state)
{
    (void)state;
    struct host_result result;
    size_t len = 1u << 20;
    uint8_t *big = arena_alloc(&arena, len, 1);
    memset(big, 0x41, len);
    struct host_object objects[] = {
        derive_object,
        {.name = "big", .bytes = {big, len}, .whole = true},
        {.name = "read-only", .bytes = {big, len}, .placement = PLACE_READ_ONLY},
        {.name = "front", .bytes = {big, len}, .placement = PLACE_START_AFTER_GUARD}};
    struct host_call call = derive_call(DEADLINE_MS);
    call.objects = objects;
    call.object_count = 4;
    assert_int_equal(load("none"), HOST_RETURNED);
    assert_int_equal(acquire(), HOST_RETURNED);
    assert_int_equal(host_call(host, &call, &result), HOST_RETURNED);
    assert_int_equal(result.images[1].len, len);
    assert_memory_equal(result.images[1].data, big, len);
    for (size_t i = 0; i < result.object_count; i++)
        assert_int_equal(result.objects[i].index, 0);
}

static void test_link__malformed_calls_are_refused_and_harmless(void **state)
{
    (void)state;
    struct host_result result;
    assert_int_equal(derive("none", DEADLINE_MS, &result), HOST_RETURNED);
    struct host_call call = derive_call(DEADLINE_MS);
    struct host_value wrong_arg = {VALUE_OBJECT, 5, 0};
    call.args = &wrong_arg;
    call.arg_count = 1;
    assert_int_equal(host_call(host, &call, &result), HOST_REFUSED);
    call = derive_call(DEADLINE_MS);
    struct host_relocation outside = {0, 41, {VALUE_NUMBER, 0, 0}};
    call.relocations = &outside;
    call.relocation_count = 1;
    assert_int_equal(host_call(host, &call, &result), HOST_REFUSED);
    call = derive_call(DEADLINE_MS);
    struct host_follow nowhere = {.object = 3};
    call.follows = &nowhere;
    assert_int_equal(host_call(host, &call, &result), HOST_REFUSED);
    call = derive_call(DEADLINE_MS);
    assert_int_equal(host_call(host, &call, &result), HOST_RETURNED);
}

static void test_link__secret_objects_are_not_shown(void **state)
{
    (void)state;
    struct host_result result;
    struct host_object secret = derive_object;
    secret.secret = true;
    struct host_call call = derive_call(DEADLINE_MS);
    call.objects = &secret;
    assert_int_equal(load("none"), HOST_RETURNED);
    assert_int_equal(acquire(), HOST_RETURNED);
    assert_int_equal(host_call(host, &call, &result), HOST_RETURNED);
    assert_int_equal(result.images[0].len, 0);
    for (size_t i = 0; i < result.object_count; i++)
        assert_null(result.objects[i].after.data);
}

static void test_link__memory_can_be_peeked_at(void **state)
{
    (void)state;
    struct host_result result;
    struct bytes bytes;
    assert_int_equal(derive("none", DEADLINE_MS, &result), HOST_RETURNED);
    uint64_t address = result.follows[0].pointer.address;
    assert_int_equal(host_peek(host, address, 20, &bytes), HOST_RETURNED);
    assert_int_equal(bytes.len, 20);
    assert_int_equal(bytes.data[0], 0xEE);
    assert_int_equal(host_peek(host, 0x1234567000, 20, &bytes), HOST_RETURNED);
    assert_int_equal(bytes.len, 0);
}

static void test_link__maps_name_driver_and_tap(void **state)
{
    (void)state;
    struct node *list;
    assert_int_equal(load("none"), HOST_RETURNED);
    assert_int_equal(host_maps(host, "hostile-none", &list), HOST_RETURNED);
    assert_int_equal(list->count, 1);
    assert_int_equal(host_maps(host, "libpcsclite", &list), HOST_RETURNED);
    bool found = false;
    for (struct node *path = list->first; path != NULL; path = path->next)
        found = found || strcmp(node_text(path), MDCTS_TAP) == 0;
    assert_true(found);
}

static void test_link__members_can_be_anything(void **state)
{
    (void)state;
    struct host_result result;
    struct host_member members[] = {
        {0x20, 8, {VALUE_CALLBACK, CALLBACK_CSP_ALLOC, VARIANT_OTHER}},
        {0x08, 8, {VALUE_OBJECT, 0, 0}},
        {0x10, 4, {VALUE_NUMBER, 0, 3}},
        {0x18, 8, {VALUE_NUMBER, 0, 0}},
        {0x60, 8, {VALUE_BAD, 0, 0}}};
    struct bytes atr = {(const uint8_t *)"\x3b\x01\x02", 3};
    struct host_context spec = {
        .version = 7, .members = members, .member_count = 5, .bytes = &atr, .byte_count = 1};
    struct host_call call = derive_call(DEADLINE_MS);
    assert_int_equal(load("none"), HOST_RETURNED);
    assert_int_equal(acquire_with(&spec), HOST_RETURNED);
    assert_string_equal(node_get_text(find_event("alloc", 1), "variant"), "other");
    assert_int_equal(host_call(host, &call, &result), HOST_RETURNED);
    assert_int_equal(result.card_data.data[0x10], 3);
    uint64_t address;
    struct bytes bytes;
    memcpy(&address, result.card_data.data + 8, sizeof address);
    assert_int_equal(host_peek(host, address, 4, &bytes), HOST_RETURNED);
    assert_int_equal(bytes.len, 3);
    memcpy(&address, result.card_data.data + 0x60, sizeof address);
    assert_int_equal(host_peek(host, address, 1, &bytes), HOST_RETURNED);
    assert_int_equal(bytes.len, 0);
}

/* ---- drivers that damage things ---- */

static void test_link__damaged_blocks_are_named(void **state)
{
    (void)state;
    struct host_result result;
    assert_int_equal(derive("overrun-block", DEADLINE_MS, &result), HOST_RETURNED);
    struct node *first = find_event("damage", 1), *second = find_event("damage", 2);
    assert_int_equal(node_get_uint(first, "block", 0), 2);
    assert_string_equal(node_get_text(first, "kind"), "overrun");
    assert_int_equal(node_get_uint(second, "block", 0), 3);
    assert_string_equal(node_get_text(second, "kind"), "underrun");
}

static void test_link__bad_frees_are_named(void **state)
{
    (void)state;
    static const char *const states[] = {"inside", "live", "freed", "foreign", "null"};
    struct host_result result;
    assert_int_equal(derive("free-twice", DEADLINE_MS, &result), HOST_RETURNED);
    for (int i = 0; i < 5; i++)
        assert_string_equal(node_get_text(find_event("free", i + 1), "state"), states[i]);
}

static void test_link__use_after_free_names_the_block(void **state)
{
    (void)state;
    struct host_result result;
    assert_int_equal(derive("use-after-free", DEADLINE_MS, &result), HOST_CRASHED);
    struct node *what = node_get(find_event("crash", 1), "what");
    assert_int_equal(node_get_uint(what, "block", 0), 2);
    assert_string_equal(node_get_text(what, "state"), "freed");
    assert_int_equal(node_get_uint(what, "offset", 0), 3);
    assert_string_equal(node_get_text(find_event("crash", 1), "access"), "read");
    assert_string_equal(node_get_text(find_event("crash", 1), "module"),
                        "hostile-use-after-free.so");
}

static void test_link__read_past_input_names_it(void **state)
{
    (void)state;
    struct host_result result;
    assert_int_equal(load("read-past-input"), HOST_RETURNED);
    assert_int_equal(acquire(), HOST_RETURNED);
    assert_int_equal(construct(&result), HOST_CRASHED);
    struct node *crash = find_event("crash", 1), *what = node_get(crash, "what");
    assert_string_equal(node_get_text(what, "input"), "pbPublicKey");
    assert_int_equal(node_get_uint(what, "offset", 0), 72);
    assert_string_equal(node_get_text(crash, "entry"), "CardConstructDHAgreement");
    assert_int_equal(node_get_uint(crash, "s", 0), 2);
}

static void test_link__kept_input_is_caught(void **state)
{
    (void)state;
    struct host_result result;
    struct host_call call = derive_call(DEADLINE_MS);
    assert_int_equal(load("keep-input"), HOST_RETURNED);
    assert_int_equal(acquire(), HOST_RETURNED);
    assert_int_equal(construct(&result), HOST_RETURNED);
    assert_int_equal(host_call(host, &call, &result), HOST_CRASHED);
    struct node *what = node_get(find_event("crash", 1), "what");
    assert_string_equal(node_get_text(what, "input"), "pbPublicKey");
    assert_string_equal(node_get_text(what, "state"), "gone");
    assert_int_equal(node_get_uint(what, "step", 0), 2);
}

static void test_link__changed_input_is_shown(void **state)
{
    (void)state;
    struct host_result result;
    assert_int_equal(load("write-input"), HOST_RETURNED);
    assert_int_equal(acquire(), HOST_RETURNED);
    assert_int_equal(construct(&result), HOST_RETURNED);
    int64_t offsets[] = {0x24, -1, 2};
    assert_int_equal(result.object_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(result.objects[i].index, i == 0 ? 0 : 1);
        assert_int_equal(result.objects[i].offset, offsets[i]);
        assert_int_equal(result.objects[i].after.len, 1);
    }
    assert_int_equal(result.objects[2].after.data[0], 0xFF);
}

static void test_link__changes_beyond_card_data_are_shown(void **state)
{
    (void)state;
    struct host_result result;
    struct host_context spec = {.version = 5, .visible = 352};
    assert_int_equal(load("write-card-data"), HOST_RETURNED);
    assert_int_equal(acquire_with(&spec), HOST_RETURNED);
    assert_int_equal(construct(&result), HOST_RETURNED);
    assert_int_equal(result.context_count, 2);
    assert_int_equal(result.contexts[0].offset, 0x158);
    assert_int_equal(result.contexts[1].offset, 0x1F0);
    assert_int_equal(result.contexts[1].after.len, 8);
}

static void test_link__guard_behind_card_data_catches(void **state)
{
    (void)state;
    struct host_result result;
    struct host_context spec = {.version = 5, .size = 352};
    assert_int_equal(load("write-card-data"), HOST_RETURNED);
    assert_int_equal(acquire_with(&spec), HOST_RETURNED);
    assert_int_equal(construct(&result), HOST_CRASHED);
    struct node *what = node_get(find_event("crash", 1), "what");
    assert_int_equal(node_get_uint(what, "context", 9), 0);
    assert_int_equal(node_get_uint(what, "offset", 0), 0x1F0);
}

static void test_link__wild_pointer_is_told_not_followed(void **state)
{
    (void)state;
    struct host_result result;
    assert_int_equal(derive("wild-result", DEADLINE_MS, &result), HOST_RETURNED);
    assert_int_equal(result.follows[0].pointer.kind, POINTER_WILD);
    assert_false(result.follows[0].readable);
    assert_int_equal(result.follows[0].wanted, 64);
    assert_int_equal(result.follows[0].bytes.len, 0);
}

static void test_link__memory_is_bounded(void **state)
{
    (void)state;
    struct host_result result;
    assert_int_equal(derive("exhaust-memory", DEADLINE_MS, &result), HOST_RETURNED);
    bool refused = false;
    for (struct node *event = events->first; event != NULL; event = event->next)
        refused = refused || node_get_bool(event, "failed", false);
    assert_true(refused);
}

static void test_link__threads_are_told_apart(void **state)
{
    (void)state;
    struct host_result result;
    assert_int_equal(derive("thread-derive", DEADLINE_MS, &result), HOST_RETURNED);
    assert_int_equal(node_get_uint(find_event("alloc", 2), "t", 0), 1);
    assert_true(end().clean);
}

/* ---- processes that end, or don't ---- */

static void test_link__load_failures_are_told(void **state)
{
    (void)state;
    bool loaded = true;
    assert_int_equal(load("no-export"), HOST_RETURNED);
    assert_true(node_get_bool(find_event("load", 1), "ok", false));
    assert_false(node_get_bool(find_event("load", 1), "export", true));
    assert_int_equal(load("missing-library"), HOST_RETURNED);
    assert_false(node_get_bool(find_event("load", 2), "ok", true));
    assert_string_equal(node_get_text(find_event("load", 2), "missing"), "libhostile_absent.so");
    assert_int_equal(host_load(host, "/nowhere.so", DEADLINE_MS, &loaded), HOST_RETURNED);
    assert_false(loaded);
    assert_null(node_get(find_event("load", 3), "missing"));
}

static void test_link__crash_while_loading(void **state)
{
    (void)state;
    assert_int_equal(load("crash-constructor"), HOST_CRASHED);
    assert_int_equal(event_number("crash", "signal"), SIGSEGV);
    assert_string_equal(node_get_text(find_event("crash", 1), "entry"), "dlopen");
}

static void test_link__hang_while_loading(void **state)
{
    (void)state;
    bool loaded;
    assert_int_equal(host_load(host, MDCTS_DRIVERS "/hostile-hang-constructor.so", SHORT_MS, &loaded),
                     HOST_HUNG);
    assert_int_equal(event_number("hang", "ms"), SHORT_MS);
}

static void test_link__crash_tells_signal_and_address(void **state)
{
    (void)state;
    assert_int_equal(load("segv-acquire"), HOST_RETURNED);
    assert_int_equal(acquire(), HOST_CRASHED);
    assert_int_equal(event_number("crash", "signal"), SIGSEGV);
    assert_int_equal(event_number("crash", "address"), 8);
    assert_string_equal(node_get_text(find_event("crash", 1), "access"), "write");
    assert_null(node_get(find_event("crash", 1), "what"));
    assert_int_equal(host_context_drop(host, 0), HOST_GONE);
    struct host_ended ended = end();
    assert_false(ended.clean);
    assert_int_equal(ended.signal, SIGSEGV);
}

static void test_link__stack_overflow_is_a_crash(void **state)
{
    (void)state;
    struct host_result result;
    assert_int_equal(derive("overflow-stack", DEADLINE_MS, &result), HOST_CRASHED);
    assert_int_equal(event_number("crash", "signal"), SIGSEGV);
}

static void test_link__hang_is_killed(void **state)
{
    (void)state;
    struct host_result result;
    assert_int_equal(derive("hang-derive", SHORT_MS, &result), HOST_HUNG);
    assert_int_equal(event_number("hang", "ms"), SHORT_MS);
    assert_int_equal(event_number("hang", "s"), 3);
    assert_int_equal(end().signal, SIGKILL);
}

static void test_link__stopped_host_is_killed(void **state)
{
    (void)state;
    struct host_result result;
    assert_int_equal(derive("stop-derive", SHORT_MS, &result), HOST_HUNG);
    assert_int_equal(end().signal, SIGKILL);
}

static void test_link__exit_is_told(void **state)
{
    (void)state;
    struct host_result result;
    assert_int_equal(load("exit-construct"), HOST_RETURNED);
    assert_int_equal(acquire(), HOST_RETURNED);
    assert_int_equal(construct(&result), HOST_EXITED);
    assert_int_equal(event_number("exit", "code"), 7);
    assert_int_equal(end().code, 7);
}

static void test_link__exit_with_success_is_no_clean_end(void **state)
{
    (void)state;
    struct host_result result;
    assert_int_equal(derive("exit-zero-derive", DEADLINE_MS, &result), HOST_EXITED);
    assert_int_equal(event_number("exit", "code"), 0);
    assert_false(end().clean);
}

static void test_link__abort_is_a_crash(void **state)
{
    (void)state;
    struct host_result result;
    assert_int_equal(derive("abort-derive", DEADLINE_MS, &result), HOST_CRASHED);
    assert_int_equal(event_number("crash", "signal"), SIGABRT);
    assert_null(node_get(find_event("crash", 1), "address"));
}

static void test_link__kill_without_a_word_is_told(void **state)
{
    (void)state;
    struct host_result result;
    assert_int_equal(derive("kill-derive", DEADLINE_MS, &result), HOST_CRASHED);
    assert_int_equal(event_number("killed", "signal"), SIGKILL);
}

static void test_link__prints_are_captured_and_bounded(void **state)
{
    (void)state;
    struct host_result result;
    assert_int_equal(derive("print-megabytes", DEADLINE_MS, &result), HOST_RETURNED);
    struct node *out = find_event("output", 1), *err = find_event("output", 2);
    assert_string_equal(node_get_text(out, "stream"), "stdout");
    assert_string_equal(node_get_text(err, "stream"), "stderr");
    assert_int_equal(node_get_uint(out, "length", 0), 2u << 20);
    assert_non_null(strstr(node_get_text(out, "text"), "\\x1b[31mred"));
    assert_null(strchr(node_get_text(out, "text"), 0x1b));
}

static void test_link__closed_descriptors_lose_the_host_only(void **state)
{
    (void)state;
    struct host_result result;
    assert_int_equal(derive("close-descriptors", DEADLINE_MS, &result), HOST_LOST);
    assert_int_equal(event_number("exit", "code"), 121);
}

static void test_link__garbage_on_the_channel_loses_the_host_only(void **state)
{
    (void)state;
    struct host_result result;
    assert_int_equal(derive("write-descriptors", DEADLINE_MS, &result), HOST_LOST);
    assert_non_null(find_event("killed", 1));
}

/* True once the process is no more, or is a zombie that somebody else will collect. */
static bool is_dead(pid_t pid)
{
    char text[64] = "";
    FILE *file = fopen(arena_printf(&arena, "/proc/%d/stat", (int)pid), "r");
    if (file == NULL)
        return true;
    if (fscanf(file, "%*d %*s %60s", text) != 1)
        text[0] = 'Z';
    fclose(file);
    return text[0] == 'Z' || text[0] == 'X';
}

static pid_t printed_pid(void)
{
    pid_t pid = (pid_t)strtol(node_get_text(find_event("output", 1), "text"), NULL, 10);
    assert_true(pid > 1);
    return pid;
}

static void test_link__children_end_with_the_host(void **state)
{
    (void)state;
    struct host_result result;
    assert_int_equal(derive("fork-child", DEADLINE_MS, &result), HOST_RETURNED);
    pid_t child = printed_pid();
    assert_true(end().clean);
    /* Killed before the host's end was told; it takes the kernel a moment to carry it out. */
    for (int i = 0; i < 1000 && !is_dead(child); i++)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    assert_true(is_dead(child));
}

static void test_link__a_daemon_does_not_hold_up_the_end(void **state)
{
    (void)state;
    struct host_result result;
    assert_int_equal(derive("fork-daemon", DEADLINE_MS, &result), HOST_RETURNED);
    pid_t daemon = printed_pid();
    assert_true(end().clean);
    /* The supervisor's business; here ours. */
    assert_false(is_dead(daemon));
    kill(daemon, SIGKILL);
}

static void test_link__other_hosts_live_on(void **state)
{
    (void)state;
    struct host *first = host, *second = start_host();
    assert_int_equal(load("segv-acquire"), HOST_RETURNED);
    assert_int_equal(acquire(), HOST_CRASHED);
    host = second;
    struct host_result result;
    assert_int_equal(derive("none", DEADLINE_MS, &result), HOST_RETURNED);
    assert_true(end().clean);
    host = first;
    assert_int_equal(end().signal, SIGSEGV);
}

static void test_link__killed_host_is_collected(void **state)
{
    (void)state;
    struct host_ended ended = host_kill(host);
    host = NULL;
    assert_int_equal(ended.signal, SIGKILL);
}

static void test_link__no_program_is_an_error(void **state)
{
    (void)state;
    const char *error = NULL;
    struct link_config config = {.server_fd = -1, .host_path = "/nowhere/mdcts-host"};
    assert_null(link_open(&config, &arena, &error));
    assert_non_null(strstr(error, "/nowhere/mdcts-host"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_link__##name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(key_comes_back_and_is_freed),
        TEST(events_are_numbered_and_charged_to_steps),
        TEST(card_data_changes_and_images),
        TEST(version_4_has_no_derive),
        TEST(secret_handle_is_answered_by_address),
        TEST(faults_fire_when_told),
        TEST(megabyte_objects_pass),
        TEST(malformed_calls_are_refused_and_harmless),
        TEST(secret_objects_are_not_shown),
        TEST(memory_can_be_peeked_at),
        TEST(maps_name_driver_and_tap),
        TEST(members_can_be_anything),
        TEST(damaged_blocks_are_named),
        TEST(bad_frees_are_named),
        TEST(use_after_free_names_the_block),
        TEST(read_past_input_names_it),
        TEST(kept_input_is_caught),
        TEST(changed_input_is_shown),
        TEST(changes_beyond_card_data_are_shown),
        TEST(guard_behind_card_data_catches),
        TEST(wild_pointer_is_told_not_followed),
        TEST(memory_is_bounded),
        TEST(threads_are_told_apart),
        TEST(load_failures_are_told),
        TEST(crash_while_loading),
        TEST(hang_while_loading),
        TEST(crash_tells_signal_and_address),
        TEST(stack_overflow_is_a_crash),
        TEST(hang_is_killed),
        TEST(stopped_host_is_killed),
        TEST(exit_is_told),
        TEST(exit_with_success_is_no_clean_end),
        TEST(abort_is_a_crash),
        TEST(kill_without_a_word_is_told),
        TEST(prints_are_captured_and_bounded),
        TEST(closed_descriptors_lose_the_host_only),
        TEST(garbage_on_the_channel_loses_the_host_only),
        TEST(children_end_with_the_host),
        TEST(a_daemon_does_not_hold_up_the_end),
        TEST(other_hosts_live_on),
        TEST(killed_host_is_collected),
        TEST(no_program_is_an_error),
    };
    return cmocka_run_group_tests(tests, open_server, close_server);
}
