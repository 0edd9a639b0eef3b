/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"
#include "yaml_tree.h"

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
    return yaml_tree_parse(&diags, &keep, (struct bytes){(const uint8_t *)text, strlen(text)}, "f");
}

static void test_yaml_tree__kinds_and_positions(void **state)
{
    (void)state;
    struct node *root = parse("a: 1\nb:\n  - é: 'null'\n    k: null\n");
    assert_non_null(root);
    assert_int_equal(root->kind, NODE_MAP);
    assert_int_equal(node_get(root, "a")->kind, NODE_PLAIN);
    struct node *item = node_get(root, "b")->first;
    assert_int_equal(item->at.line, 3);
    assert_int_equal(item->at.column, 5);
    assert_int_equal(item->first->kind, NODE_STRING);
    assert_int_equal(item->first->at.column, 8); /* characters, not bytes */
    assert_true(node_is_null(node_get(item, "k")));
    assert_false(node_is_null(item->first));
}

static void test_yaml_tree__a_byte_order_mark_is_fine(void **state)
{
    (void)state;
    assert_non_null(parse("\xEF\xBB\xBF"
                          "a: 1\n"));
}

static void test_yaml_tree__each_duplicate_is_told(void **state)
{
    (void)state;
    assert_null(parse("a: 1\na: 2\nb: {c: 1, c: 2}\n"));
    assert_int_equal(diags.count, 2);
    assert_int_equal(diags.items[1].at.line, 3);
}

static void test_yaml_tree__a_key_that_is_no_word(void **state)
{
    (void)state;
    assert_null(parse("? [a, b]\n: 1\nc: 2\n"));
    assert_int_equal(diags.count, 1);
}

static void test_yaml_tree__too_large(void **state)
{
    (void)state;
    size_t len = YAML_BYTES_MAX + 1;
    char *text = arena_alloc(&keep, len, 1);
    memset(text, '#', len);
    assert_null(yaml_tree_parse(&diags, &keep, (struct bytes){(uint8_t *)text, len}, "f"));
    assert_non_null(strstr(diags.items[0].text, "YAML_BYTES_MAX"));
}

static void test_yaml_tree__too_many_values(void **state)
{
    (void)state;
    size_t len = 2 * (size_t)YAML_NODES_MAX + 2;
    char *text = arena_alloc(&keep, len + 1, 1);
    text[0] = '[';
    for (size_t i = 1; i + 1 < len; i += 2)
        memcpy(text + i, "1,", 2);
    text[len - 1] = ']';
    assert_null(parse(text));
    assert_non_null(strstr(diags.items[0].text, "YAML_NODES_MAX"));
}

static void test_yaml_tree__an_unreadable_file(void **state)
{
    (void)state;
    assert_null(yaml_tree_read_file(&diags, &keep, "/nowhere/at/all.yaml"));
    assert_int_equal(diags.count, 1);
    assert_null(yaml_tree_read_file(&diags, &keep, "/"));
    assert_int_equal(diags.count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_yaml_tree__kinds_and_positions, release),
        cmocka_unit_test_teardown(test_yaml_tree__a_byte_order_mark_is_fine, release),
        cmocka_unit_test_teardown(test_yaml_tree__each_duplicate_is_told, release),
        cmocka_unit_test_teardown(test_yaml_tree__a_key_that_is_no_word, release),
        cmocka_unit_test_teardown(test_yaml_tree__too_large, release),
        cmocka_unit_test_teardown(test_yaml_tree__too_many_values, release),
        cmocka_unit_test_teardown(test_yaml_tree__an_unreadable_file, release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
