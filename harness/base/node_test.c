/* SPDX-License-Identifier: Apache-2.0 */
#include "base/node.h"
#include "unit.h"

static struct arena keep;

static int release(void **state)
{
    (void)state;
    arena_free(&keep);
    return 0;
}

static struct node plain(const char *text)
{
    return (struct node){.kind = NODE_PLAIN, .text = text};
}

static void test_node__entries_keep_their_order_and_are_found(void **state)
{
    (void)state;
    struct node *map = node_new_map(&keep);
    node_add(map, "b", node_new_int(&keep, -2));
    node_add(map, "a", node_new_string(&keep, "x"));
    assert_int_equal(map->count, 2);
    assert_string_equal(map->first->key, "b");
    assert_string_equal(node_get_text(map, "a"), "x");
    assert_null(node_get(map, "c"));
    assert_null(node_get(NULL, "c"));
    assert_null(node_get(map->first, "c"));
}

static void test_node__numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_uint, is_int;
        uint64_t value;
    } rows[] = {
        {"0", true, true, 0},
        {"017", true, true, 17},
        {"0x1F", true, true, 31},
        {"18446744073709551615", true, false, UINT64_MAX},
        {"18446744073709551616", false, false, 0},
        {"-1", false, true, (uint64_t)-1},
        {"", false, false, 0},
        {"-", false, false, 0},
        {"0x", false, false, 0},
        {"1 ", false, false, 0},
        {"+1", false, false, 0},
        {"1e3", false, false, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct node node = plain(rows[i].text);
        uint64_t u = 0;
        int64_t n = 0;
        assert_int_equal(node_to_uint(&node, &u), rows[i].is_uint);
        assert_int_equal(node_to_int(&node, &n), rows[i].is_int);
        if (rows[i].is_uint)
            assert_int_equal(u, rows[i].value);
        else if (rows[i].is_int)
            assert_int_equal(n, (int64_t)rows[i].value);
    }
}

static void test_node__quoted_is_never_a_number_or_null(void **state)
{
    (void)state;
    struct node number = {.kind = NODE_STRING, .text = "5"};
    struct node null = {.kind = NODE_STRING, .text = "null"};
    uint64_t value;
    bool yes;
    assert_false(node_to_uint(&number, &value));
    assert_false(node_is_null(&null));
    struct node truth = {.kind = NODE_STRING, .text = "true"};
    assert_false(node_to_bool(&truth, &yes));
    struct node plain_null = plain("null");
    assert_true(node_is_null(&plain_null));
}

static void test_node__a_copy_is_deep(void **state)
{
    (void)state;
    char text[] = "value", key[] = "key";
    struct node *map = node_new_map(&keep);
    node_append(node_add(map, key, node_new_list(&keep)), node_new_string(&keep, text));
    struct node *copy = node_copy(&keep, map);
    text[0] = key[0] = 'X';
    assert_string_equal(node_get(copy, "key")->first->text, "value");
    assert_int_equal(copy->first->count, 1);
}

static void test_node__nearest_name(void **state)
{
    (void)state;
    static const char *const names[] = {"derive", "destroy", "construct"};
    assert_string_equal(nearest_name("derve", names, 3), "derive");
    assert_string_equal(nearest_name("contruct", names, 3), "construct");
    assert_null(nearest_name("zzzzzzzz", names, 3));
    char longest[100];
    memset(longest, 'd', 99);
    longest[99] = '\0';
    assert_null(nearest_name(longest, names, 3));
}

static void test_node__hex_entries(void **state)
{
    (void)state;
    struct node *map = node_new_map(&keep);
    node_add(map, "good", node_new_hex(&keep, (struct bytes){(const uint8_t *)"\x01\xFE", 2}));
    node_add(map, "bad", node_new_string(&keep, "xyz"));
    struct bytes out;
    assert_true(node_get_hex(&keep, map, "good", &out));
    assert_int_equal(out.len, 2);
    assert_false(node_get_hex(&keep, map, "bad", &out));
    assert_false(node_get_hex(&keep, map, "absent", &out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_node__entries_keep_their_order_and_are_found, release),
        cmocka_unit_test(test_node__numbers),
        cmocka_unit_test(test_node__quoted_is_never_a_number_or_null),
        cmocka_unit_test_teardown(test_node__a_copy_is_deep, release),
        cmocka_unit_test(test_node__nearest_name),
        cmocka_unit_test_teardown(test_node__hex_entries, release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
