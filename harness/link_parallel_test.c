/* SPDX-License-Identifier: Apache-2.0 */
/* host_parallel() against a real host: calls that overlap, wait, crash and hang. */
#include "link_test_rig.h"

#define HANG_DEADLINE_MS 300

static size_t entered, returned, absent;

static void note_entered(void *data, size_t call)
{
    (void)data, (void)call;
    entered++;
}

static void note_returned(void *data, size_t call, const struct host_result *result)
{
    (void)data, (void)call;
    returned += result->outcome == HOST_RETURNED;
    absent += result->outcome == HOST_ABSENT;
}

/* Two derivations, of threads 1 and 2, in steps 5 and 6. */
static enum host_outcome derive_twice(const char *driver, uint32_t timeout_ms,
                                      struct host_call calls[2])
{
    entered = returned = absent = 0;
    for (uint32_t i = 0; i < 2; i++) {
        calls[i].lane = i + 1;
        calls[i].step = 5 + i;
    }
    struct host_parallel block = {.calls = calls,
                                  .count = 2,
                                  .timeout_ms = timeout_ms,
                                  .entered = note_entered,
                                  .returned = note_returned};
    assert_int_equal(load(driver), HOST_RETURNED);
    assert_int_equal(acquire(), HOST_RETURNED);
    return host_parallel(rig.host, &block);
}

static void test_link__scripts_meet(void **state)
{
    (void)state;
    struct host_call calls[] = {derive_call(DEADLINE_MS), derive_call(DEADLINE_MS)};
    calls[0].meet = calls[1].meet = MEET_ALLOC;
    assert_int_equal(derive_twice("none", DEADLINE_MS, calls), HOST_RETURNED);
    assert_int_equal(entered, 2);
    assert_int_equal(returned, 2);
    for (int i = 1; i <= 2; i++) {
        struct node *event = find_event("meet", i);
        assert_true(node_get_bool(event, "ok", false));
        assert_int_equal(node_get_uint(event, "s", 0), 4 + node_get_uint(event, "t", 0));
    }
    assert_true(end().clean);
}

static void test_link__nobody_waits_for_what_never_comes(void **state)
{
    (void)state;
    struct host_call calls[] = {derive_call(DEADLINE_MS), derive_call(DEADLINE_MS)};
    calls[0].meet = MEET_ALLOC;
    calls[1].meet = MEET_GET_DH_AGREEMENT;
    assert_int_equal(derive_twice("none", DEADLINE_MS, calls), HOST_RETURNED);
    assert_int_equal(returned, 2);
    assert_true(end().clean);
}

static void test_link__a_crash_is_charged_to_its_call(void **state)
{
    (void)state;
    struct host_call calls[] = {derive_call(DEADLINE_MS), derive_call(DEADLINE_MS)};
    assert_int_equal(derive_twice("use-after-free", DEADLINE_MS, calls), HOST_CRASHED);
    struct node *event = find_event("crash", 1);
    assert_string_equal(node_get_text(event, "entry"), "CardDeriveKey");
    assert_int_equal(node_get_uint(event, "s", 0), 4 + node_get_uint(event, "t", 0));
}

static void test_link__a_hang_is_charged_to_the_first_that_is_left(void **state)
{
    (void)state;
    struct host_call calls[] = {derive_call(HANG_DEADLINE_MS), derive_call(HANG_DEADLINE_MS)};
    calls[1].table = HOST_CONTEXTS_MAX; /* there is no such context: it isn't made */
    assert_int_equal(derive_twice("hang-derive", HANG_DEADLINE_MS, calls), HOST_HUNG);
    assert_int_equal(returned, 0);
    assert_int_equal(absent, 1);
    struct node *event = find_event("hang", 1);
    assert_int_equal(node_get_uint(event, "s", 0), 5);
    assert_int_equal(node_get_uint(event, "t", 0), 1);
}

static void test_link__what_a_failed_call_keeps_is_missing(void **state)
{
    (void)state;
    struct host_call calls[] = {derive_call(DEADLINE_MS), derive_call(DEADLINE_MS)};
    static const struct host_patch patch = {0, {0, 8, 1}};
    calls[1].patches = &patch;
    calls[1].patch_count = 1;
    assert_int_equal(derive_twice("none", DEADLINE_MS, calls), HOST_RETURNED);
    assert_int_equal(returned, 1);
    assert_int_equal(absent, 1);
    assert_true(end().clean);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(scripts_meet),
        TEST(nobody_waits_for_what_never_comes),
        TEST(a_crash_is_charged_to_its_call),
        TEST(a_hang_is_charged_to_the_first_that_is_left),
        TEST(what_a_failed_call_keeps_is_missing),
    };
    return cmocka_run_group_tests(tests, open_server, close_server);
}
