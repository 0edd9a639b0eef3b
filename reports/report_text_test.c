/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "report_text.h"

static const struct text_row {
    const char *text, *line, *xml;
} text_rows[] = {
    {NULL, "", ""},
    {"plain \xC3\xA9 \xF0\x9F\x98\x80", "plain \xC3\xA9 \xF0\x9F\x98\x80",
     "plain \xC3\xA9 \xF0\x9F\x98\x80"},
    {"a\x1b[31mb", "a\\x1b[31mb", "a\xEF\xBF\xBD[31mb"},
    {"a\nb\tc", "a\\x0ab\\x09c", "a\nb\tc"},
    {"\x7f", "\\x7f", "\x7f"},
    {"\xC2\x9B", "\\u009b", "\xC2\x9B"},
    {"\xE2\x80\xAE", "\\u202e", "\xE2\x80\xAE"},
    {"\xEF\xBF\xBF", "\xEF\xBF\xBF", "\xEF\xBF\xBD"},
    {"\xFF\xC3", "\\xff\\xc3", "\xEF\xBF\xBD\xEF\xBF\xBD"},
    {"\xC0\x80", "\\xc0\\x80", "\xEF\xBF\xBD\xEF\xBF\xBD"},
    {"\xED\xA0\x80", "\\xed\\xa0\\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
    {"\xF4\x90\x80\x80", "\\xf4\\x90\\x80\\x80",
     "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
};

static void test_report_text__makes_foreign_text_harmless(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof text_rows / sizeof text_rows[0]; i++) {
        struct arena arena = {0};
        assert_string_equal(report_text_line(&arena, text_rows[i].text), text_rows[i].line);
        assert_string_equal(report_text_xml(&arena, text_rows[i].text), text_rows[i].xml);
        arena_free(&arena);
    }
}

static void test_report_text__is_bounded(void **state)
{
    (void)state;
    struct arena arena = {0};
    char *text = arena_alloc(&arena, 2 * REPORT_TEXT_MAX + 1, 1);
    memset(text, 1, 2 * REPORT_TEXT_MAX);
    const char *line = report_text_line(&arena, text);
    assert_true(strlen(line) < REPORT_TEXT_MAX + 10);
    assert_string_equal(line + strlen(line) - 3, "...");
    arena_free(&arena);
}

static void test_report_text__suite_is_the_first_part(void **state)
{
    (void)state;
    struct arena arena = {0};
    assert_string_equal(report_suite(&arena, "derive/hash[a=b]"), "derive");
    assert_string_equal(report_suite(&arena, "alone[a=b/c]"), "alone");
    assert_string_equal(report_suite(&arena, "alone"), "alone");
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_report_text__makes_foreign_text_harmless),
        cmocka_unit_test(test_report_text__is_bounded),
        cmocka_unit_test(test_report_text__suite_is_the_first_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
