/* SPDX-License-Identifier: Apache-2.0 */
/* The link against a real mdcts-host and a driver that behaves; no PC/SC is needed. */
#include "link_test_rig.h"

#include <string.h>

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
    assert_int_equal(host_free(rig.host, 2, 4), HOST_RETURNED);
    struct node *event = find_event("free", 1);
    assert_string_equal(node_get_text(event, "state"), "live");
    assert_true(node_get_bool(event, "caller", false));
    assert_null(node_get(event, "content"));
    assert_int_equal(rig.freed.len, 20);
    assert_int_equal(host_free(rig.host, 2, 4), HOST_REFUSED);
    assert_true(end().clean);
}

/* The key is followed twice, and freed once. */
static void test_link__what_a_call_returned_is_freed_after_its_result(void **state)
{
    (void)state;
    struct host_result result;
    assert_int_equal(load("none"), HOST_RETURNED);
    assert_int_equal(acquire(), HOST_RETURNED);
    struct host_call call = derive_call(DEADLINE_MS);
    struct host_follow twice[] = {call.follows[0], call.follows[0]};
    call.follows = twice;
    call.follow_count = 2;
    call.free_returned = true;
    assert_int_equal(host_call(rig.host, &call, &result), HOST_RETURNED);
    assert_true(result.follows[1].pointer.live);
    assert_int_equal(result.follows[1].bytes.len, 20);
    assert_null(find_event("free", 1));
    assert_int_equal(host_await_freed(rig.host), HOST_RETURNED);
    struct node *event = find_event("free", 1);
    assert_int_equal(node_get_uint(event, "s", 0), call.step);
    assert_true(node_get_bool(event, "caller", false));
    assert_null(find_event("free", 2));
    assert_int_equal(host_await_freed(rig.host), HOST_RETURNED); /* there is nothing to be done */
    assert_int_equal(host_free(rig.host, 2, 4), HOST_REFUSED);   /* another answer than that */
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
    struct host_call call = {
        .entry = ENTRY_CardAcquireContext, .timeout_ms = DEADLINE_MS, .args = args, .arg_count = 2};
    struct host_result result;
    assert_int_equal(load("none"), HOST_RETURNED);
    struct host_context spec = {.version = 7};
    assert_int_equal(host_context_new(rig.host, 0, &spec), HOST_RETURNED);
    assert_int_equal(host_call(rig.host, &call, &result), HOST_RETURNED);
    assert_int_equal(result.card_data.len, HOST_CARD_DATA_SIZE);
    assert_int_equal(result.card_data.data[0], 7);
    assert_true(result.context_count >= 2);
    assert_in_range(result.contexts[0].offset, 0x70, 0x78);
    call.entry = ENTRY_CardDeauthenticate;
    assert_int_equal(host_call(rig.host, &call, &result), HOST_ABSENT);
}

static void test_link__version_4_has_no_derive(void **state)
{
    (void)state;
    struct host_result result;
    struct host_call call = derive_call(DEADLINE_MS);
    assert_int_equal(load("none"), HOST_RETURNED);
    struct host_context spec = {.version = 4, .size = 328};
    assert_int_equal(acquire_with(&spec), HOST_RETURNED);
    assert_int_equal(host_call(rig.host, &call, &result), HOST_ABSENT);
    assert_int_equal(construct(&result), HOST_RETURNED);
    assert_int_equal(result.images[0].data[0x24], 7);
}

static void test_link__secret_handle_is_answered_by_address(void **state)
{
    (void)state;
    struct host_result result;
    static const uint8_t buffers[] = {8, 0, 0, 0, 6, 0, 0, 0, 0x11, 0x22, 0, 0, 0, 0, 0, 0};
    static const uint8_t list[] = {0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    struct host_object objects[] = {derive_object,
                                    {.name = "BCryptBufferDesc", .bytes = {list, sizeof list}},
                                    {.name = "BCryptBuffer", .bytes = {buffers, sizeof buffers}}};
    struct host_relocation relocations[] = {{0, 0x18, {VALUE_OBJECT, 1, 0}},
                                            {1, 8, {VALUE_OBJECT, 2, 0}}};
    struct host_answer answer = {
        .name = "h1", .handle = 0x2211, .object = 2, .index = 0x5A, .status = 0, .write = true};
    struct host_call call = derive_call(DEADLINE_MS);
    call.objects = objects;
    call.object_count = 3;
    call.relocations = relocations;
    call.relocation_count = 2;
    call.answers = &answer;
    call.answer_count = 1;
    assert_int_equal(load("none"), HOST_RETURNED);
    assert_int_equal(acquire(), HOST_RETURNED);
    assert_int_equal(host_call(rig.host, &call, &result), HOST_RETURNED);
    struct node *event = find_event("get_dh_agreement", 1);
    assert_string_equal(node_get_text(event, "card_data"), "same");
    assert_string_equal(node_get_text(event, "handle"), "address");
    assert_string_equal(node_get_text(event, "name"), "h1");
    assert_string_equal(node_get_text(event, "index_pointer"), "ok");
    assert_int_equal(node_get_uint(event, "parameter", 9), 0);
    assert_int_equal(node_get_uint(node_get(event, "answer"), "index", 0), 0x5A);
    assert_int_equal(result.follows[0].bytes.data[0], 0x5A);
    call.answer_count = 0;
    assert_int_equal(host_call(rig.host, &call, &result), HOST_RETURNED);
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
    assert_int_equal(host_call(rig.host, &call, &result), HOST_RETURNED);
    assert_int_equal(result.status, 0x80100006);
    assert_true(result.alloc_fault_fired);
    assert_true(node_get_bool(find_event("alloc", 2), "failed", false));
    call.alloc = (struct host_fault){.nth = 2, .from_then_on = true};
    assert_int_equal(host_call(rig.host, &call, &result), HOST_RETURNED);
    assert_int_equal(result.status, 0);
    assert_false(result.alloc_fault_fired);
}

static void test_link__megabyte_objects_pass(void **state)
{
    (void)state;
    struct host_result result;
    size_t len = 1u << 20;
    uint8_t *big = arena_alloc(&rig.arena, len, 1);
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
    assert_int_equal(host_call(rig.host, &call, &result), HOST_RETURNED);
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
    assert_int_equal(host_call(rig.host, &call, &result), HOST_REFUSED);
    call = derive_call(DEADLINE_MS);
    struct host_relocation outside = {0, 41, {VALUE_NUMBER, 0, 0}};
    call.relocations = &outside;
    call.relocation_count = 1;
    assert_int_equal(host_call(rig.host, &call, &result), HOST_REFUSED);
    call = derive_call(DEADLINE_MS);
    struct host_follow nowhere = {.object = 3};
    call.follows = &nowhere;
    assert_int_equal(host_call(rig.host, &call, &result), HOST_REFUSED);
    call = derive_call(DEADLINE_MS);
    assert_int_equal(host_call(rig.host, &call, &result), HOST_RETURNED);
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
    assert_int_equal(host_call(rig.host, &call, &result), HOST_RETURNED);
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
    assert_int_equal(host_peek(rig.host, address, 20, &bytes), HOST_RETURNED);
    assert_int_equal(bytes.len, 20);
    assert_int_equal(bytes.data[0], 0xEE);
    assert_int_equal(host_peek(rig.host, 0x1234567000, 20, &bytes), HOST_RETURNED);
    assert_int_equal(bytes.len, 0);
}

static void test_link__maps_name_driver_and_tap(void **state)
{
    (void)state;
    struct node *list;
    assert_int_equal(load("none"), HOST_RETURNED);
    assert_int_equal(host_maps(rig.host, "hostile-none", &list), HOST_RETURNED);
    assert_int_equal(list->count, 1);
    assert_int_equal(host_maps(rig.host, "libpcsclite", &list), HOST_RETURNED);
    bool found = false;
    for (struct node *path = list->first; path != NULL; path = path->next)
        found = found || strcmp(node_text(path), MDCTS_TAP) == 0;
    assert_true(found);
}

static void test_link__members_can_be_anything(void **state)
{
    (void)state;
    struct host_result result;
    struct host_member members[] = {{0x20, 8, {VALUE_CALLBACK, CALLBACK_CSP_ALLOC, VARIANT_OTHER}},
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
    assert_int_equal(host_call(rig.host, &call, &result), HOST_RETURNED);
    assert_int_equal(result.card_data.data[0x10], 3);
    uint64_t address;
    struct bytes bytes;
    memcpy(&address, result.card_data.data + 8, sizeof address);
    assert_int_equal(host_peek(rig.host, address, 4, &bytes), HOST_RETURNED);
    assert_int_equal(bytes.len, 3);
    memcpy(&address, result.card_data.data + 0x60, sizeof address);
    assert_int_equal(host_peek(rig.host, address, 1, &bytes), HOST_RETURNED);
    assert_int_equal(bytes.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(key_comes_back_and_is_freed),
        TEST(what_a_call_returned_is_freed_after_its_result),
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
    };
    return cmocka_run_group_tests(tests, open_server, close_server);
}
