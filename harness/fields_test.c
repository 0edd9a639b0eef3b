/* SPDX-License-Identifier: Apache-2.0 */
#include "fields.h"
#include "unit.h"

static struct arena keep;

static int release(void **state)
{
    (void)state;
    arena_free(&keep);
    return 0;
}

static void test_glob__matches(void **state)
{
    (void)state;
    static const struct {
        const char *glob, *text;
        bool matches;
    } rows[] = {
        {"*", "", true},          {"a*c", "abbc", true},    {"a*c", "abcd", false},
        {"a?c", "abc", true},     {"a?c", "ac", false},     {"*[x=1]", "b[x=1]", true},
        {"*a*b*", "xaxxb", true}, {"*a*b*", "xbxa", false}, {"", "a", false},
        {"abc", "abc", true},     {"a**", "a", true},       {"*ab", "aab", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(glob_matches(rows[i].glob, rows[i].text), rows[i].matches);
}

static void test_fields__a_long_text_is_cut_between_characters(void **state)
{
    (void)state;
    char text[121];
    for (size_t i = 0; i < 120; i += 3)
        memcpy(text + i, "\xE2\x82\xAC", 3);
    memmove(text + 1, text, 119);
    text[0] = 'x';
    text[120] = '\0';
    struct node node = {.kind = NODE_STRING, .text = text};
    const char *shown = field_shown(&keep, &node);
    struct bytes utf16;
    assert_true(bytes_from_utf8_as_utf16(&keep, shown, &utf16));
    assert_non_null(strstr(shown, "...'"));
}

static void test_fields__unknown_names_the_nearest(void **state)
{
    (void)state;
    static const char *const names[] = {"derive", "destroy"};
    struct diags diags = {0};
    assert_false(field_unknown(&diags, (struct source_pos){"f", 1, 1}, "word", "derve", names, 2));
    assert_string_equal(diags.items[0].text, "unknown word 'derve'; did you mean 'derive'?");
    assert_false(field_unknown(&diags, (struct source_pos){"f", 1, 1}, "word", "zzzz", names, 2));
    assert_string_equal(diags.items[1].text, "unknown word 'zzzz'; known are derive and destroy");
    diags_free(&diags);
}

static void test_fields__numbers_keep_their_bounds(void **state)
{
    (void)state;
    struct diags diags = {0};
    uint64_t value = 7;
    struct node node = {.kind = NODE_PLAIN, .text = "9"};
    assert_false(field_uint(&diags, &node, "n", 1, 8, &value));
    assert_int_equal(value, 7);
    assert_true(field_uint(&diags, &node, "n", 1, 9, &value));
    assert_int_equal(value, 9);
    assert_true(field_uint(&diags, NULL, "n", 1, 8, &value));
    diags_free(&diags);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_glob__matches),
        cmocka_unit_test_teardown(test_fields__a_long_text_is_cut_between_characters, release),
        cmocka_unit_test(test_fields__unknown_names_the_nearest),
        cmocka_unit_test(test_fields__numbers_keep_their_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
