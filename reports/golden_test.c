/* SPDX-License-Identifier: Apache-2.0 */
/* Stored traces, judged again, against the results and reports stored beside them, byte for byte.
 *
 * MDCTS_UPDATE_GOLDEN=1 in the environment writes them anew: look at the difference before
 * committing it. */
#include "unit.h"

#include "console.h"
#include "judge.h"
#include "junit.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES_MAX (4u * 1024 * 1024)

static const struct golden {
    const char *name;
    int exit_code, exit_code_with_warnings;
} goldens[] = {
    {"clean", 0, 0},    {"defects", 1, 1},     {"cut", 6, 6},     {"hostile", 1, 1},
    {"parallel", 1, 1}, {"memory", 1, 1},      {"secrets", 1, 1}, {"sweeps", 1, 1},
    {"names", 1, 1},    {"instruments", 1, 1}, {"owner", 1, 1},
};

static char *read_whole(struct arena *arena, const char *path)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return NULL;
    char *text = arena_alloc(arena, FILE_BYTES_MAX + 1, 1);
    size_t len = fread(text, 1, FILE_BYTES_MAX, file);
    text[len] = '\0';
    fclose(file);
    return text;
}

static bool same_text(struct arena *arena, const char *made, const char *path)
{
    const char *text = read_whole(arena, made), *golden = read_whole(arena, path);
    assert_non_null(text);
    if (getenv("MDCTS_UPDATE_GOLDEN") != NULL) {
        FILE *file = fopen(path, "we");
        assert_non_null(file);
        assert_true(fputs(text, file) >= 0);
        assert_int_equal(fclose(file), 0);
        return true;
    }
    bool same = golden != NULL && strcmp(text, golden) == 0;
    if (!same)
        print_error("%s differs:\n%s\n", path, text);
    return same;
}

static bool write_console(const char *path, const struct results *results)
{
    struct console console;
    FILE *to = fopen(path, "we");
    assert_non_null(to);
    console_start(&console, to, (struct console_style){.color = false});
    bool ok = console_results(&console, results);
    return fclose(to) == 0 && ok;
}

static void check_golden(const struct golden *golden, const char *folder)
{
    struct arena arena = {0};
    struct diags diags = {.count = 0};
    struct results results;
    const char *source = arena_printf(&arena, "%s/%s", MDCTS_TRACES, golden->name);
    const char *trace = arena_printf(&arena, "%s/trace.jsonl", source);
    assert_int_equal(judge_trace(&diags, &arena, trace, &results), JUDGE_OK);
    assert_int_equal(results_exit_code(&results, false), golden->exit_code);
    assert_int_equal(results_exit_code(&results, true), golden->exit_code_with_warnings);
    const char *json = arena_printf(&arena, "%s/results.json", folder);
    const char *text = arena_printf(&arena, "%s/console.txt", folder);
    const char *xml = arena_printf(&arena, "%s/junit.xml", folder);
    assert_true(results_write_file(json, &results));
    assert_true(write_console(text, &results));
    assert_true(junit_write(xml, &results));
    bool ok = same_text(&arena, json, arena_printf(&arena, "%s/results.json", source));
    ok = same_text(&arena, text, arena_printf(&arena, "%s/console.txt", source)) && ok;
    ok = same_text(&arena, xml, arena_printf(&arena, "%s/junit.xml", source)) && ok;
    unlink(json);
    unlink(text);
    unlink(xml);
    diags_free(&diags);
    arena_free(&arena);
    assert_true(ok);
}

static void test_golden__stored_traces(void **state)
{
    char folder[] = "/tmp/mdcts-golden-XXXXXX";
    (void)state;
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < sizeof goldens / sizeof goldens[0]; i++)
        check_golden(&goldens[i], folder);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden__stored_traces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
