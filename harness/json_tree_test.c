/* SPDX-License-Identifier: Apache-2.0 */
#include "json_tree.h"
#include "unit.h"

/* Another implementation says whether what is written is JSON. */
#include <jansson.h>

static struct arena keep;
static struct diags diags;

static int release(void **state)
{
    (void)state;
    arena_free(&keep);
    diags_free(&diags);
    return 0;
}

static struct node *parse(const char *text)
{
    return json_tree_parse(&diags, &keep, text, strlen(text), "trace", 7);
}

static void test_json_tree__round_trip(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "null",
        "true",
        "-12",
        "18446744073709551615",
        "1.5e-3",
        "[]",
        "{}",
        "\"\"",
        "{\"a\":[1,\"x\",{\"b\":null}],\"c\":\"\\\"\\\\\\n\\u0001\"}",
        "\"\xC3\xA4\xF0\x9F\x98\x80\"",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct node *node = parse(texts[i]);
        assert_non_null(node);
        assert_string_equal(json_tree_text(&keep, node), texts[i]);
    }
}

static void test_json_tree__escapes(void **state)
{
    (void)state;
    struct node *node = parse(" \"\\u00e4\\ud83d\\ude00\\/\\t\" ");
    assert_non_null(node);
    assert_string_equal(node->text, "\xC3\xA4\xF0\x9F\x98\x80/\t");
    assert_int_equal(node->kind, NODE_STRING);
}

static void test_json_tree__bad_text_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "{",
        "[1,]",
        "{\"a\":1,}",
        "{\"a\":1,\"a\":2}",
        "01",
        "1.",
        "+1",
        "nul",
        "'a'",
        "\"a",
        "\"\\",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "\"\\ud800\\u0041\"",
        "\"\x01\"",
        "\"\xFF\"",
        "1 2",
        "{a:1}",
        "[1 2]",
        "{\"a\" 1}",
        "\"\\u12g4\"",
        "\"\\ud83d\\u",
        "\"\xC1\x81\"",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        size_t before = diags.count;
        assert_null(parse(bad[i]));
        assert_int_equal(diags.count, before + 1);
    }
    assert_null(json_tree_parse(&diags, &keep, "\"a\0b\"", 5, "trace", 1));
}

static void test_json_tree__depth_is_bounded(void **state)
{
    (void)state;
    char text[2 * JSON_DEPTH_MAX + 3];
    memset(text, '[', JSON_DEPTH_MAX + 1);
    memset(text + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
    text[2 * JSON_DEPTH_MAX + 2] = '\0';
    assert_null(parse(text));
    assert_non_null(parse("[[[[1]]]]"));
}

static void test_json_tree__hostile_strings_stay_json(void **state)
{
    (void)state;
    char text[256];
    for (int i = 1; i < 256; i++)
        text[i - 1] = (char)i;
    text[255] = '\0';
    struct node *map = node_new_map(&keep);
    node_add(map, text, node_new_string(&keep, text));
    node_add(map, "cut", node_new_string(&keep, "\xF0\x9F\x98"));
    char *written = json_tree_text(&keep, map);
    json_error_t error;
    json_t *read = json_loads(written, 0, &error);
    assert_non_null(read);
    assert_int_equal(json_object_size(read), 2);
    assert_null(strchr(written, '\n'));
    json_decref(read);
}

static void test_json_tree__what_yaml_writes_plainly(void **state)
{
    (void)state;
    static const struct {
        const char *text, *json;
    } rows[] = {
        {"0x10", "16"}, {"017", "17"},  {"yes", "\"yes\""},     {"", "null"},
        {"~", "null"},  {"1.5", "1.5"}, {"P-256", "\"P-256\""}, {".5", "\".5\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct node node = {.kind = NODE_PLAIN, .text = rows[i].text};
        assert_string_equal(json_tree_text(&keep, &node), rows[i].json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_json_tree__round_trip, release),
        cmocka_unit_test_teardown(test_json_tree__escapes, release),
        cmocka_unit_test_teardown(test_json_tree__bad_text_is_refused, release),
        cmocka_unit_test_teardown(test_json_tree__depth_is_bounded, release),
        cmocka_unit_test_teardown(test_json_tree__hostile_strings_stay_json, release),
        cmocka_unit_test_teardown(test_json_tree__what_yaml_writes_plainly, release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
