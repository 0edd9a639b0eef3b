/* SPDX-License-Identifier: Apache-2.0 */
#include "base/diag.h"
#include "unit.h"

#include <stdlib.h>

static char *printed(const struct diags *diags)
{
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);
    assert_non_null(to);
    diags_print(diags, to);
    fclose(to);
    return text;
}

static void test_diag__positions_are_printed_as_far_as_known(void **state)
{
    (void)state;
    struct diags diags = {0};
    assert_false(diag_error(&diags, (struct source_pos){"a.yaml", 3, 7}, "no %s", "key"));
    diag_error(&diags, (struct source_pos){"a.yaml", 0, 0}, "unreadable");
    diag_error(&diags, (struct source_pos){NULL, 0, 0}, "usage");
    char *text = printed(&diags);
    assert_string_equal(text, "a.yaml:3:7: error: no key\n"
                              "a.yaml: error: unreadable\n"
                              "mdcts: error: usage\n");
    free(text);
    diags_free(&diags);
    assert_int_equal(diags.count, 0);
}

static void test_diag__only_the_first_are_kept_and_the_rest_counted(void **state)
{
    (void)state;
    struct diags diags = {0};
    for (int i = 0; i < DIAG_MAX + 3; i++)
        diag_error(&diags, (struct source_pos){"f", 1, 1}, "%d", i);
    char *text = printed(&diags);
    assert_non_null(strstr(text, "error: 19\n"));
    assert_null(strstr(text, "error: 20\n"));
    assert_non_null(strstr(text, "3 more errors are not shown\n"));
    free(text);
    diags_free(&diags);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_diag__positions_are_printed_as_far_as_known),
        cmocka_unit_test(test_diag__only_the_first_are_kept_and_the_rest_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
