/* SPDX-License-Identifier: Apache-2.0 */
/* What the link tells of drivers that damage memory. */
#include "link_test_rig.h"

#include <string.h>

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
    assert_int_equal(host_call(rig.host, &call, &result), HOST_CRASHED);
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
    for (struct node *event = rig.events->first; event != NULL; event = event->next)
        refused = refused || node_get_bool(event, "failed", false);
    assert_true(refused);
}

static void test_link__threads_are_told_apart(void **state)
{
    (void)state;
    struct host_result result;
    assert_int_equal(derive("thread-derive", DEADLINE_MS, &result), HOST_RETURNED);
    assert_int_equal(node_get_uint(find_event("alloc", 2), "t", 0), HOST_LANES_MAX + 1);
    assert_true(end().clean);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
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
    };
    return cmocka_run_group_tests(tests, open_server, close_server);
}
