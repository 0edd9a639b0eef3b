/* SPDX-License-Identifier: Apache-2.0 */
/* The trace reader: every line is found again at its offset, and the end is told. */
#include "fuzz.h"

#include "json_tree.h"
#include "trace.h"

#include <string.h>
#include <unistd.h>

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    return 0;
}

static void check_line(struct diags *diags, struct trace_reader *reader, struct arena *keep,
                       const struct node *line, uint64_t offset)
{
    struct event event;
    const struct node *again = trace_read_at(diags, reader, keep, offset);
    FUZZ_HOLDS(again != NULL);
    FUZZ_HOLDS(strcmp(json_tree_text(keep, again), json_tree_text(keep, line)) == 0);
    if (event_read(line, &event))
        FUZZ_HOLDS(event.kind == EVENT_UNKNOWN || event_kind_name(event.kind) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct diags diags = {0};
    struct trace_reader reader;
    enum trace_status status = TRACE_LINE;
    size_t lines = 0;
    int fd;
    const char *path = fuzz_file((struct bytes){data, size}, &fd);
    FUZZ_HOLDS(trace_reader_open(&diags, &reader, path));
    while (status == TRACE_LINE) {
        struct arena keep = {0};
        struct node *line = NULL;
        uint64_t offset = 0;
        status = trace_read(&diags, &reader, &keep, &line, &offset);
        if (status == TRACE_LINE)
            check_line(&diags, &reader, &keep, line, offset);
        lines += status == TRACE_LINE;
        arena_free(&keep);
    }
    FUZZ_HOLDS((status == TRACE_BAD) == (diags.count > 0));
    FUZZ_HOLDS(status == TRACE_BAD ||
               (status == TRACE_DONE) == (size == 0 || data[size - 1] == '\n'));
    FUZZ_HOLDS(lines <= size);
    trace_reader_close(&reader);
    close(fd);
    diags_free(&diags);
    return 0;
}
