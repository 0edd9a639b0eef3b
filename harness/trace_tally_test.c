/* SPDX-License-Identifier: Apache-2.0 */
#include "trace_tally.h"

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char path[] = "/tmp/trace_tally_XXXXXX";
static struct trace_tally *tally;

static void put(const char *mode, const char *text)
{
    FILE *file = fopen(path, mode);
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void add(const char *line)
{
    trace_tally_add(tally, line, strlen(line));
}

static int start(void **state)
{
    (void)state;
    strcpy(path, "/tmp/trace_tally_XXXXXX");
    int fd = mkstemp(path);
    tally = trace_tally_new();
    add("{\"e\":\"begin\"}\n");
    add("{\"e\":\"end\"}\n");
    return fd < 0 || close(fd) != 0 || tally == NULL;
}

static int end(void **state)
{
    (void)state;
    return unlink(path);
}

static void test_tally__what_was_written_fits_in_any_order(void **state)
{
    (void)state;
    put("w", "{\"e\":\"begin\"}\n{\"e\":\"end\"}\n");
    assert_true(trace_tally_fits(tally, path));
    put("w", "{\"e\":\"end\"}\n{\"e\":\"begin\"}\n");
    assert_true(trace_tally_fits(tally, path));
}

static void test_tally__anything_else_does_not(void **state)
{
    (void)state;
    assert_false(trace_tally_fits(tally, path)); /* emptied */
    put("w", "{\"e\":\"begin\"}\n{\"e\":\"END\"}\n");
    assert_false(trace_tally_fits(tally, path));
    put("w", "{\"e\":\"begin\"}\n{\"e\":\"end\"}\n{}\n");
    assert_false(trace_tally_fits(tally, path));
    assert_false(trace_tally_fits(tally, "/nowhere"));
    assert_false(trace_tally_fits(tally, "/dev/zero"));
}

static void test_tally__forked_writers_share_it(void **state)
{
    (void)state;
    put("w", "{\"e\":\"begin\"}\n{\"e\":\"end\"}\nmore\n");
    pid_t pid = fork();
    if (pid == 0) {
        add("more\n");
        _exit(0);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_true(trace_tally_fits(tally, path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_tally__what_was_written_fits_in_any_order, start, end),
        cmocka_unit_test_setup_teardown(test_tally__anything_else_does_not, start, end),
        cmocka_unit_test_setup_teardown(test_tally__forked_writers_share_it, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
