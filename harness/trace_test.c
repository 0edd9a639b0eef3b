/* SPDX-License-Identifier: Apache-2.0 */
#include "trace.h"

#include "unit.h"

#include <stdlib.h>
#include <unistd.h>

struct folder {
    char path[64];
    struct arena arena;
    struct diags diags;
};

static int make_file(void **state)
{
    struct folder *folder = calloc(1, sizeof *folder);
    if (folder == NULL)
        return 1;
    strcpy(folder->path, "/tmp/mdcts-trace-XXXXXX");
    int fd = mkstemp(folder->path);
    *state = folder;
    return fd < 0 ? 1 : close(fd);
}

static int remove_file(void **state)
{
    struct folder *folder = *state;
    unlink(folder->path);
    arena_free(&folder->arena);
    diags_free(&folder->diags);
    free(folder);
    return 0;
}

static void put_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void test_trace__what_is_written_is_read(void **state)
{
    struct folder *f = *state;
    struct trace_writer writer = {0};
    struct trace_reader reader;
    struct node *line = node_new_map(&f->arena), *read = NULL, *again;
    uint64_t first, second;
    node_add(line, "e", node_new_string(&f->arena, "hang"));
    node_add(line, "c", node_new_uint(&f->arena, 7));
    assert_true(trace_writer_open(&writer, f->path));
    assert_true(trace_write(&writer, line));
    node_add(line, "s", node_new_uint(&f->arena, 2));
    assert_true(trace_write(&writer, line));
    assert_true(trace_writer_close(&writer));
    assert_false(trace_write(&writer, line));

    struct event event;
    assert_true(trace_reader_open(&f->diags, &reader, f->path));
    assert_int_equal(trace_read(&f->diags, &reader, &f->arena, &read, &first), TRACE_LINE);
    assert_true(event_read(read, &event));
    assert_int_equal(event.kind, EVENT_HANG);
    assert_int_equal(event.case_n, 7);
    assert_int_equal(event.step, 0);
    assert_int_equal(trace_read(&f->diags, &reader, &f->arena, &read, &second), TRACE_LINE);
    again = trace_read_at(&f->diags, &reader, &f->arena, first);
    assert_non_null(again);
    assert_null(node_get(again, "s"));
    assert_int_equal(trace_read(&f->diags, &reader, &f->arena, &read, &second), TRACE_DONE);
    trace_reader_close(&reader);
}

static void test_trace__cut_last_line_is_the_end(void **state)
{
    struct folder *f = *state;
    struct trace_reader reader;
    struct node *read = NULL;
    uint64_t at;
    put_text(f->path, "{\"e\":\"begin\",\"c\":0}\n{\"e\":\"ret");
    assert_true(trace_reader_open(&f->diags, &reader, f->path));
    assert_int_equal(trace_read(&f->diags, &reader, &f->arena, &read, &at), TRACE_LINE);
    assert_int_equal(trace_read(&f->diags, &reader, &f->arena, &read, &at), TRACE_CUT);
    assert_int_equal(f->diags.count, 0);
    trace_reader_close(&reader);
}

/* Of two writers one was killed in the middle of its line. */
static void test_trace__what_follows_a_cut_line_is_read(void **state)
{
    struct folder *f = *state;
    struct trace_reader reader;
    struct node *read = NULL, *again;
    uint64_t at;
    put_text(f->path, "{\"e\":\"begin\",\"c\":0}\n"
                      "{\"e\":\"output\",\"text\":\"{\\\"e\\\":{\"e\":\"end\",\"c\":1}\n");
    assert_true(trace_reader_open(&f->diags, &reader, f->path));
    assert_int_equal(trace_read(&f->diags, &reader, &f->arena, &read, &at), TRACE_LINE);
    assert_false(reader.torn);
    assert_int_equal(trace_read(&f->diags, &reader, &f->arena, &read, &at), TRACE_LINE);
    assert_true(reader.torn);
    assert_string_equal(node_get_text(read, "e"), "end");
    again = trace_read_at(&f->diags, &reader, &f->arena, at);
    assert_int_equal(node_get_uint(again, "c", 0), 1);
    assert_int_equal(trace_read(&f->diags, &reader, &f->arena, &read, &at), TRACE_DONE);
    assert_int_equal(f->diags.count, 0);
    trace_reader_close(&reader);
}

static void test_trace__garbage_has_a_line_number(void **state)
{
    struct folder *f = *state;
    struct trace_reader reader;
    struct node *read = NULL;
    uint64_t at;
    put_text(f->path, "{}\nnonsense\n");
    assert_true(trace_reader_open(&f->diags, &reader, f->path));
    assert_int_equal(trace_read(&f->diags, &reader, &f->arena, &read, &at), TRACE_LINE);
    assert_int_equal(trace_read(&f->diags, &reader, &f->arena, &read, &at), TRACE_BAD);
    assert_int_equal(f->diags.items[0].at.line, 2);
    trace_reader_close(&reader);
}

static void test_trace__missing_file_is_a_diagnostic(void **state)
{
    struct folder *f = *state;
    struct trace_reader reader;
    assert_false(trace_reader_open(&f->diags, &reader, "/nonexistent/trace.jsonl"));
    assert_int_equal(f->diags.count, 1);
}

static void test_event__every_kind_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (enum event_kind a = 0; a < EVENT_COUNT; a++) {
        assert_non_null(event_kind_name(a));
        for (enum event_kind b = 0; b < a; b++)
            assert_string_not_equal(event_kind_name(a), event_kind_name(b));
    }
    assert_null(event_kind_name(EVENT_UNKNOWN));
}

static void test_event__unknown_kind_is_told_apart(void **state)
{
    struct folder *f = *state;
    struct event event;
    struct node *line = node_new_map(&f->arena);
    assert_false(event_read(line, &event));
    node_add(line, "e", node_new_string(&f->arena, "telepathy"));
    assert_true(event_read(line, &event));
    assert_int_equal(event.kind, EVENT_UNKNOWN);
    assert_true(event.case_n == EVENT_NO_CASE);
}

#define FILE_TEST(test) cmocka_unit_test_setup_teardown(test, make_file, remove_file)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FILE_TEST(test_trace__what_is_written_is_read),
        FILE_TEST(test_trace__cut_last_line_is_the_end),
        FILE_TEST(test_trace__what_follows_a_cut_line_is_read),
        FILE_TEST(test_trace__garbage_has_a_line_number),
        FILE_TEST(test_trace__missing_file_is_a_diagnostic),
        FILE_TEST(test_event__every_kind_has_a_name_of_its_own),
        FILE_TEST(test_event__unknown_kind_is_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
