/* SPDX-License-Identifier: Apache-2.0 */
#include "secret_mask.h"

#include "unit.h"

static const struct mask_row {
    const char *secret, *key, *text, *expected;
} mask_rows[] = {
    {"123456", "command", "0020008008313233343536ffff", "0020008008****************"},
    {"123456", "command", "310032003300340035003600", "************************"},
    {"123456", "command", "003100320033003400350036", "************************"},
    {"123456", "command", "26123456ffffffff", "****************"},
    {"123456", "command", "123456", "******"},
    {"123456", "command", "aa123456bb", "aa123456bb"},
    {"12345678", "command", "aa12345678bb", "aa********bb"},
    {"123456", "text", "pin is 123456!", "pin is ******!"},
    {"123456", "text", "ab123456", "ab******"},
    {"123456", "text", "31 32 33 34 35 36 ff", "***************** ff"},
    {"123456", "text", "0x31, 0x32, 0x33, 0x34, 0x35, 0x36", "0x********************************"},
    {"Geheim", "text", "47656865696D", "************"},
    {"Geheim", "text", "geheim", "geheim"},
    {"12", "text", "in 12 of 31 32", "in 12 of 31 32"},
    {"12", "text", "12", "**"},
    {"12", "command", "aa3132bb", "aa3132bb"},
    {"12", "command", "3132ffffffffffff", "****************"},
};

static void test_secret_mask__blanks_each_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mask_rows / sizeof mask_rows[0]; i++) {
        const struct mask_row *row = &mask_rows[i];
        struct arena arena = {0};
        struct secret_mask mask = {.count = 0};
        assert_true(secret_mask_add(&mask, row->secret));
        struct node *event = node_new_map(&arena);
        struct node *args = node_add(event, "args", node_new_map(&arena));
        node_add(args, row->key, node_new_string(&arena, row->text));
        size_t changed = secret_mask_apply(&mask, &arena, event);
        assert_string_equal(node_get_text(args, row->key), row->expected);
        assert_int_equal(changed, strcmp(row->text, row->expected) != 0);
        arena_free(&arena);
    }
}

static void test_secret_mask__leaves_numbers_alone(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct secret_mask mask = {.count = 0};
    assert_true(secret_mask_add(&mask, "1234"));
    struct node *event = node_new_map(&arena);
    node_add(event, "us", node_new_uint(&arena, 1234));
    assert_int_equal(secret_mask_apply(&mask, &arena, event), 0);
    assert_string_equal(node_get_text(event, "us"), "1234");
    arena_free(&arena);
}

static void test_secret_mask__refuses_what_it_cannot_hold(void **state)
{
    (void)state;
    struct secret_mask mask = {.count = 0};
    char longest[SECRET_LENGTH_MAX + 2];
    memset(longest, 'a', sizeof longest);
    longest[SECRET_LENGTH_MAX + 1] = '\0';
    assert_false(secret_mask_add(&mask, ""));
    assert_false(secret_mask_add(&mask, longest));
    for (size_t i = 0; i < SECRETS_MAX; i++)
        assert_true(secret_mask_add(&mask, "1234"));
    assert_false(secret_mask_add(&mask, "1234"));
    secret_mask_free(&mask);
    assert_int_equal(mask.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_secret_mask__blanks_each_form),
        cmocka_unit_test(test_secret_mask__leaves_numbers_alone),
        cmocka_unit_test(test_secret_mask__refuses_what_it_cannot_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
