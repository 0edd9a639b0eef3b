/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "pin_memory.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define RUNS 8

static const struct pin_refusal one = {"3b00", 1, {(const uint8_t *)"654321", 6}};
static const struct pin_refusal other_role = {"3b00", 3, {(const uint8_t *)"654321", 6}};

static char folder[] = "/tmp/mdcts-pin-memory-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL || setenv("XDG_STATE_HOME", folder, 1) != 0;
}

static int remove_folder(void **state)
{
    struct arena arena = {0};
    (void)state;
    bool ok = pin_memory_forget() && rmdir(arena_printf(&arena, "%s/mdcts", folder)) == 0 &&
              rmdir(folder) == 0;
    arena_free(&arena);
    return ok ? 0 : 1;
}

static void test_pin_memory__knows_what_it_was_told(void **state)
{
    (void)state;
    assert_false(pin_memory_knows(&one));
    assert_int_equal(pin_memory_add(&one), PIN_NOTED);
    assert_int_equal(pin_memory_add(&one), PIN_NOTED_BEFORE);
    assert_true(pin_memory_knows(&one));
    assert_false(pin_memory_knows(&other_role));
    assert_int_equal(pin_memory_add(&other_role), PIN_NOTED);
    assert_true(pin_memory_remove(&one));
    assert_false(pin_memory_knows(&one));
    assert_true(pin_memory_knows(&other_role));
    assert_true(pin_memory_forget());
    assert_false(pin_memory_knows(&other_role));
    assert_true(pin_memory_remove(&one));
}

/* The child waits for its turn to be everybody's: until the pipe is closed. */
static _Noreturn void add_when_told(const int gate[2])
{
    char byte;
    close(gate[1]);
    while (read(gate[0], &byte, 1) > 0)
        continue;
    _exit((int)pin_memory_add(&one));
}

static void test_pin_memory__of_many_runs_one_has_noted_it(void **state)
{
    pid_t runs[RUNS];
    int gate[2], status, noted = 0, before = 0;
    (void)state;
    assert_int_equal(pipe(gate), 0);
    for (int i = 0; i < RUNS; i++) {
        runs[i] = fork();
        if (runs[i] == 0)
            add_when_told(gate);
        assert_true(runs[i] > 0);
    }
    close(gate[0]);
    close(gate[1]);
    for (int i = 0; i < RUNS; i++) {
        assert_int_equal(waitpid(runs[i], &status, 0), runs[i]);
        assert_true(WIFEXITED(status));
        noted += WEXITSTATUS(status) == PIN_NOTED;
        before += WEXITSTATUS(status) == PIN_NOTED_BEFORE;
    }
    assert_int_equal(noted, 1);
    assert_int_equal(before, RUNS - 1);
}

static void test_pin_memory__without_a_place(void **state)
{
    (void)state;
    unsetenv("XDG_STATE_HOME");
    unsetenv("HOME");
    assert_int_equal(pin_memory_add(&one), PIN_NOT_NOTED);
    assert_false(pin_memory_knows(&one));
    assert_true(pin_memory_remove(&one));
    setenv("XDG_STATE_HOME", folder, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pin_memory__knows_what_it_was_told),
        cmocka_unit_test(test_pin_memory__of_many_runs_one_has_noted_it),
        cmocka_unit_test(test_pin_memory__without_a_place),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
