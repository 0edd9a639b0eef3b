/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "cmd_judge.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int call(char *a, char *b, char *c, char *d)
{
    char name[] = "judge";
    char *argv[] = {name, a, b, c, d, NULL};
    int argc = 1;
    while (argv[argc] != NULL)
        argc++;
    return cmd_judge(argc, argv);
}

static void test_cmd_judge__exit_codes(void **state)
{
    char clean[] = MDCTS_TRACES "/clean", cut[] = MDCTS_TRACES "/cut";
    char defects[] = MDCTS_TRACES "/defects", nothing[] = "/nonexistent";
    char out[] = "--out", null[] = "/dev/null", help[] = "--help", unknown[] = "--unknown";
    char to_stdout[] = "--stdout", fail_on[] = "--fail-on", never[] = "never";
    (void)state;
    assert_int_equal(call(to_stdout, clean, NULL, NULL), 0);
    assert_int_equal(call(to_stdout, defects, NULL, NULL), 1);
    assert_int_equal(call(to_stdout, cut, NULL, NULL), 6);
    assert_int_equal(call(help, NULL, NULL, NULL), 0);
    assert_int_equal(call(NULL, NULL, NULL, NULL), 2);
    assert_int_equal(call(unknown, clean, NULL, NULL), 2);
    assert_int_equal(call(clean, fail_on, never, NULL), 2);
    assert_int_equal(call(clean, to_stdout, out, null), 2);
    assert_int_equal(call(nothing, NULL, NULL, NULL), 2);
}

static void test_cmd_judge__says_when_it_cannot_write(void **state)
{
    char clean[] = MDCTS_TRACES "/clean", out[] = "--out", nowhere[] = "/nonexistent/results.json";
    (void)state;
    assert_int_equal(call(clean, out, nowhere, NULL), 4);
}

static void test_cmd_judge__writes_where_told(void **state)
{
    char clean[] = MDCTS_TRACES "/clean", out[] = "--out", path[] = "/tmp/mdcts-judge-XXXXXX";
    int fd = mkstemp(path);
    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(call(clean, out, path, NULL), 0);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fgetc(file), '{');
    fclose(file);
    assert_int_equal(close(fd), 0);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cmd_judge__exit_codes),
        cmocka_unit_test(test_cmd_judge__says_when_it_cannot_write),
        cmocka_unit_test(test_cmd_judge__writes_where_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
