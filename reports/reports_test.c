/* SPDX-License-Identifier: Apache-2.0 */
/* What golden files don't show: colour, progress, where text goes when it can't be written. */
#include "unit.h"

#include "console.h"
#include "junit.h"

#include <stdlib.h>

static struct results some_results(struct arena *arena)
{
    static struct finding finding = {.requirement = "R001",
                                     .outcome = OUTCOME_FAIL,
                                     .expected = "this",
                                     .observed = "that \x1b[2J"};
    struct results results = {.complete = true, .suite = "0"};
    struct case_result one = {.id = "a/b",
                              .verdict = VERDICT_FAIL,
                              .findings = &finding,
                              .finding_count = 1,
                              .findings_total = 1};
    results_add(arena, &results, &one);
    one = (struct case_result){.id = "a/c", .verdict = VERDICT_PASS};
    results_add(arena, &results, &one);
    return results;
}

static char *console_text(struct arena *arena, const struct results *results,
                          struct console_style style, size_t steps)
{
    struct console console;
    char *text = NULL, *copy;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);
    assert_non_null(to);
    console_start(&console, to, style);
    for (size_t i = 1; i <= steps; i++)
        console_progress(&console, i, steps, "id\n");
    assert_true(console_results(&console, results));
    assert_int_equal(fclose(to), 0);
    copy = arena_strdup(arena, text);
    free(text);
    return copy;
}

static void test_console__colour_only_where_wanted(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct results results = some_results(&arena);
    const char *plain = console_text(&arena, &results, (struct console_style){.color = false}, 0);
    const char *colored = console_text(&arena, &results, (struct console_style){.color = true}, 0);
    assert_null(strchr(plain, '\x1b'));
    assert_non_null(strstr(colored, "\x1b[31mFAIL\x1b[0m a/b"));
    assert_null(strstr(colored, "\x1b[2J"));
    arena_free(&arena);
}

static void test_console__progress(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct results results = some_results(&arena);
    const char *plain = console_text(&arena, &results, (struct console_style){.live = false}, 20);
    const char *live = console_text(&arena, &results, (struct console_style){.live = true}, 20);
    assert_non_null(strstr(plain, "2 of 20 cases\n"));
    assert_null(strstr(plain, "3 of 20 cases\n"));
    assert_null(strchr(plain, '\r'));
    assert_non_null(strstr(live, "\r\x1b[K20/20 id\\x0a\r\x1b[K"));
    arena_free(&arena);
}

/* The most frequent reason first, those of the same count by their letters, the rest by number. */
static void test_console__skips_by_reason(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct results results = some_results(&arena);
    struct case_result one = {.id = "a/d", .verdict = VERDICT_SKIP, .reason = "no KDF HMAC"};
    for (size_t i = 0; i < 3; i++)
        results_add(&arena, &results, &one);
    for (size_t i = 0; i < CONSOLE_REASONS_MAX; i++) {
        one.reason = arena_printf(&arena, "reason %zu", CONSOLE_REASONS_MAX - i);
        results_add(&arena, &results, &one);
    }
    const char *text = console_text(&arena, &results, (struct console_style){.color = false}, 0);
    assert_non_null(strstr(text, "\nSKIP\n        3  no KDF HMAC\n        1  reason 1\n"));
    assert_non_null(strstr(text, "        1  reason 7\n        1  for 1 other reason, told"));
    assert_null(strstr(text, "reason 8"));
    arena_free(&arena);
}

static void test_console__notes(void **state)
{
    (void)state;
    static struct finding note = {
        .requirement = "R208", .outcome = OUTCOME_INFO, .expected = "this", .observed = "that"};
    struct arena arena = {0};
    struct results results = {.complete = true, .suite = "0"};
    struct case_result one = {.id = "a/i",
                              .verdict = VERDICT_INFO,
                              .findings = &note,
                              .finding_count = 1,
                              .findings_total = 1};
    for (size_t i = 0; i < CONSOLE_NOTES_MAX + 2; i++)
        results_add(&arena, &results, &one);
    const char *text = console_text(&arena, &results, (struct console_style){.color = false}, 0);
    assert_non_null(strstr(text, "\n\nINFO a/i: R208, observed that; expected: this\nINFO"));
    assert_non_null(strstr(text, "... and 2 more notes in results.json\n"));
    arena_free(&arena);
}

static void test_console__style_follows_the_environment(void **state)
{
    (void)state;
    FILE *to = tmpfile();
    assert_non_null(to);
    struct console_style style = console_style_of(to); /* no terminal */
    assert_false(style.color);
    assert_false(style.live);
    fclose(to);
}

static void test_reports__say_when_they_cannot_write(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct results results = some_results(&arena);
    struct console console;
    FILE *full = fopen("/dev/full", "w");
    if (full == NULL)
        skip();
    console_start(&console, full, (struct console_style){.color = false});
    assert_false(console_results(&console, &results));
    fclose(full);
    full = fopen("/dev/full", "w");
    assert_false(results_write(full, &results));
    fclose(full);
    assert_false(junit_write("/nonexistent/junit.xml", &results));
    assert_false(results_write_file("/nonexistent/results.json", &results));
    arena_free(&arena);
}

static const struct exit_row {
    enum verdict verdict;
    enum outcome blocked;
    bool complete;
    int code, code_with_warnings;
} exit_rows[] = {
    {VERDICT_PASS, OUTCOME_PASS, true, 0, 0},    {VERDICT_INFO, OUTCOME_PASS, true, 0, 0},
    {VERDICT_SKIP, OUTCOME_PASS, true, 0, 0},    {VERDICT_WAIVED, OUTCOME_PASS, true, 0, 0},
    {VERDICT_WARN, OUTCOME_PASS, true, 0, 1},    {VERDICT_FAIL, OUTCOME_PASS, true, 1, 1},
    {VERDICT_CRASH, OUTCOME_PASS, true, 1, 1},   {VERDICT_HANG, OUTCOME_PASS, true, 1, 1},
    {VERDICT_BLOCKED, OUTCOME_FAIL, true, 1, 1}, {VERDICT_BLOCKED, OUTCOME_WARN, true, 0, 1},
    {VERDICT_BROKEN, OUTCOME_PASS, true, 6, 6},  {VERDICT_PASS, OUTCOME_PASS, false, 6, 6},
    {VERDICT_FAIL, OUTCOME_PASS, false, 1, 1},
};

static void test_results__exit_codes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof exit_rows / sizeof exit_rows[0]; i++) {
        const struct exit_row *row = &exit_rows[i];
        struct arena arena = {0};
        struct results results = {.complete = row->complete};
        struct case_result one = {
            .id = "a", .verdict = row->verdict, .blocked_outcome = row->blocked};
        results_add(&arena, &results, &one);
        assert_int_equal(results_exit_code(&results, false), row->code);
        assert_int_equal(results_exit_code(&results, true), row->code_with_warnings);
        arena_free(&arena);
    }
    struct results none = {.complete = true};
    assert_int_equal(results_exit_code(&none, false), 5);
}

/* One finding about a documented requirement (R001) or an inferred one (R002), in a case of one. */
static const struct kinds_row {
    const char *own, *found;
    enum verdict verdict;
    const char *waiver;
    int code, code_by_documents; /* 5: the case says nothing */
    enum verdict by_documents;
} kinds_rows[] = {
    {"R001", "R001", VERDICT_FAIL, NULL, 1, 1, VERDICT_FAIL},
    {"R001", "R002", VERDICT_FAIL, NULL, 1, 0, VERDICT_PASS},
    {"R001", "R002", VERDICT_CRASH, NULL, 1, 1, VERDICT_CRASH},
    {"R001", "R001", VERDICT_WAIVED, "why", 0, 0, VERDICT_WAIVED},
    {"R002", "R001", VERDICT_FAIL, NULL, 1, 1, VERDICT_FAIL},
    {"R002", "R002", VERDICT_FAIL, NULL, 1, 5, VERDICT_PASS},
    {"R002", "R002", VERDICT_CRASH, NULL, 1, 5, VERDICT_PASS},
    {"R002", "R002", VERDICT_BROKEN, NULL, 6, 5, VERDICT_PASS},
    {"ACME", NULL, VERDICT_FAIL, NULL, 1, 1, VERDICT_FAIL},
    {NULL, NULL, VERDICT_FAIL, NULL, 1, 1, VERDICT_FAIL},
};

static void test_results__by_the_documents(void **state)
{
    (void)state;
    struct requirement rows[] = {{.id = "R001", .kind = KIND_HDR},
                                 {.id = "R002", .kind = KIND_INF}};
    for (size_t i = 0; i < sizeof kinds_rows / sizeof kinds_rows[0]; i++) {
        const struct kinds_row *row = &kinds_rows[i];
        struct arena arena = {0};
        uint64_t totals[VERDICT_COUNT], count = 0;
        struct finding finding = {row->found, .outcome = OUTCOME_FAIL, .waiver = row->waiver};
        struct results results = {.complete = true, .rows = {rows, 2, 2}};
        struct case_result one = {.id = "a",
                                  .requirement = row->own,
                                  .verdict = row->verdict,
                                  .findings = &finding,
                                  .finding_count = 1,
                                  .findings_total = 1};
        results_add(&arena, &results, &one);
        assert_int_equal(results_exit_code(&results, false), row->code);
        results.kinds = KINDS_DOCUMENTS;
        assert_int_equal(results_exit_code(&results, false), row->code_by_documents);
        results_totals(&results, KINDS_DOCUMENTS, totals);
        for (enum verdict v = 0; v < VERDICT_COUNT; v++)
            count += totals[v];
        assert_int_equal(count, row->code_by_documents != 5);
        assert_int_equal(totals[row->by_documents], count);
        arena_free(&arena);
    }
}

static void test_results__blocks_count_by_what_blocks(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct requirement rows[] = {{.id = "R001", .kind = KIND_HDR},
                                 {.id = "R002", .kind = KIND_INF}};
    struct results results = {.complete = true, .rows = {rows, 2, 2}};
    struct case_result one = {.id = "a",
                              .requirement = "R001",
                              .verdict = VERDICT_BLOCKED,
                              .blocked_by = "R002",
                              .blocked_outcome = OUTCOME_FAIL};
    results_add(&arena, &results, &one);
    assert_int_equal(results_exit_code(&results, false), 1);
    results.kinds = KINDS_DOCUMENTS;
    assert_int_equal(results_exit_code(&results, false), 0);
    arena_free(&arena);
}

static void test_results__repro_is_safe_in_a_shell(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct node *header = node_new_map(&arena);
    struct node *driver = node_add(header, "driver", node_new_map(&arena));
    node_add(driver, "path", node_new_string(&arena, "./it's.so"));
    assert_string_equal(results_repro(&arena, header, "a[b=$(c)]"),
                        "mdcts run --driver './it'\\''s.so' 'a[b=$(c)]'");
    assert_string_equal(results_repro(&arena, NULL, "a/b"), "mdcts run a/b");
    struct node *found_with = node_add(header, "found_with", node_new_list(&arena));
    node_append(found_with, node_new_string(&arena, "--cases"));
    node_append(found_with, node_new_string(&arena, "my cases"));
    node_append(found_with, node_new_string(&arena, "mine.yaml"));
    assert_string_equal(results_repro(&arena, header, "a/b"),
                        "mdcts run --driver './it'\\''s.so' --cases 'my cases' mine.yaml a/b");
    arena_free(&arena);
}

static void test_finding__list_is_bounded_but_counts(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct finding_list list = {0};
    struct finding finding = {.outcome = OUTCOME_WARN};
    for (size_t i = 0; i < FINDINGS_MAX; i++)
        finding_add(&arena, &list, &finding);
    finding.outcome = OUTCOME_FAIL;
    finding_add(&arena, &list, &finding);
    assert_int_equal(list.count, FINDINGS_MAX);
    assert_int_equal(list.total, FINDINGS_MAX + 1);
    assert_int_equal(list.worst, OUTCOME_FAIL);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_console__colour_only_where_wanted),
        cmocka_unit_test(test_console__progress),
        cmocka_unit_test(test_console__skips_by_reason),
        cmocka_unit_test(test_console__notes),
        cmocka_unit_test(test_console__style_follows_the_environment),
        cmocka_unit_test(test_reports__say_when_they_cannot_write),
        cmocka_unit_test(test_results__exit_codes),
        cmocka_unit_test(test_results__by_the_documents),
        cmocka_unit_test(test_results__blocks_count_by_what_blocks),
        cmocka_unit_test(test_results__repro_is_safe_in_a_shell),
        cmocka_unit_test(test_finding__list_is_bounded_but_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
