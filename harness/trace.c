/* SPDX-License-Identifier: Apache-2.0 */
#include "trace.h"

#include "json_tree.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool trace_writer_open(struct trace_writer *writer, const char *path)
{
    writer->failed = false;
    writer->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
    return writer->fd >= 0;
}

bool trace_writer_join(struct trace_writer *writer, const char *path)
{
    writer->failed = false;
    writer->fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    return writer->fd >= 0;
}

static bool write_all(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t done = write(fd, text, len);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        text += done;
        len -= (size_t)done;
    }
    return true;
}

bool trace_write(struct trace_writer *writer, const struct node *line)
{
    struct arena scratch = {0};
    if (writer->fd < 0 || writer->failed)
        return false;
    size_t len;
    const char *text = json_tree_line(&scratch, line, &len);
    if (writer->tally != NULL)
        trace_tally_add(writer->tally, text, len);
    writer->failed = !write_all(writer->fd, text, len);
    arena_free(&scratch);
    return !writer->failed;
}

bool trace_writer_close(struct trace_writer *writer)
{
    bool ok = writer->fd >= 0 && !writer->failed;
    if (writer->fd >= 0 && close(writer->fd) != 0)
        ok = false;
    writer->fd = -1;
    return ok;
}

bool trace_reader_open(struct diags *diags, struct trace_reader *reader, const char *path)
{
    *reader = (struct trace_reader){.path = path, .file = fopen(path, "rbe")};
    if (reader->file == NULL)
        return diag_error(diags, (struct source_pos){.file = path}, "can't be read: %s",
                          strerror(errno));
    return true;
}

void trace_reader_close(struct trace_reader *reader)
{
    if (reader->file != NULL)
        fclose(reader->file);
    free(reader->buffer);
    *reader = (struct trace_reader){.file = NULL};
}

static enum trace_status bad_line(struct diags *diags, const struct trace_reader *reader,
                                  const char *why)
{
    diag_error(diags, (struct source_pos){.file = reader->path, .line = reader->line}, "%s", why);
    return TRACE_BAD;
}

/* One line without its newline into the reader's buffer. */
static enum trace_status read_text(struct diags *diags, struct trace_reader *reader, size_t *len)
{
    reader->line++;
    errno = 0;
    ssize_t got = getline(&reader->buffer, &reader->capacity, reader->file);
    if (got < 0)
        return ferror(reader->file) ? bad_line(diags, reader, "can't be read") : TRACE_DONE;
    if ((size_t)got > TRACE_LINE_BYTES_MAX)
        return bad_line(diags, reader, "the line is longer than TRACE_LINE_BYTES_MAX");
    if (reader->buffer[got - 1] != '\n')
        return TRACE_CUT;
    *len = (size_t)got - 1;
    return TRACE_LINE;
}

/* What a writer that was killed, or had no room, left of its line stands in front of another one's.
 * Events begin alike, and nowhere inside of one do these characters stand. */
static struct node *parse_behind_cut(struct trace_reader *reader, struct arena *keep, size_t len)
{
    static const char start[] = "{\"e\":\"";
    struct diags unheeded = {0};
    struct node *line = NULL;
    size_t at = len < sizeof start ? 0 : len - sizeof start;
    while (at > 0 && memcmp(reader->buffer + at, start, sizeof start - 1) != 0)
        at--;
    if (at > 0)
        line = json_tree_parse(&unheeded, keep, reader->buffer + at, len - at, reader->path,
                               reader->line);
    diags_free(&unheeded);
    reader->torn = reader->torn || line != NULL;
    return line;
}

static struct node *parse_line(struct diags *diags, struct trace_reader *reader, struct arena *keep,
                               size_t len)
{
    struct diags problems = {0};
    struct node *line =
        json_tree_parse(&problems, keep, reader->buffer, len, reader->path, reader->line);
    if (line == NULL)
        line = parse_behind_cut(reader, keep, len);
    for (size_t i = 0; line == NULL && i < problems.count && i < DIAG_MAX; i++)
        diag_error(diags, problems.items[i].at, "%s", problems.items[i].text);
    diags_free(&problems);
    return line;
}

enum trace_status trace_read(struct diags *diags, struct trace_reader *reader, struct arena *keep,
                             struct node **line, uint64_t *offset)
{
    size_t len = 0;
    off_t at = ftello(reader->file);
    if (at < 0)
        return bad_line(diags, reader, "is no file that can be read twice");
    enum trace_status status = read_text(diags, reader, &len);
    if (status != TRACE_LINE)
        return status;
    *offset = (uint64_t)at;
    *line = parse_line(diags, reader, keep, len);
    if (*line == NULL)
        return TRACE_BAD;
    return (*line)->kind == NODE_MAP ? TRACE_LINE : bad_line(diags, reader, "is no JSON object");
}

struct node *trace_read_at(struct diags *diags, struct trace_reader *reader, struct arena *keep,
                           uint64_t offset)
{
    struct node *line = NULL;
    uint64_t ignored;
    uint32_t line_number = reader->line;
    off_t back = ftello(reader->file);
    bool found = back >= 0 && fseeko(reader->file, (off_t)offset, SEEK_SET) == 0 &&
                 trace_read(diags, reader, keep, &line, &ignored) == TRACE_LINE;
    reader->line = line_number;
    if (back < 0 || fseeko(reader->file, back, SEEK_SET) != 0)
        return NULL;
    return found ? line : NULL;
}

static const char *const event_names[EVENT_COUNT] = {
    [EVENT_BEGIN] = "begin",
    [EVENT_CALL] = "call",
    [EVENT_RETURN] = "return",
    [EVENT_NOT_RUN] = "not_run",
    [EVENT_ALLOC] = "alloc",
    [EVENT_REALLOC] = "realloc",
    [EVENT_FREE] = "free",
    [EVENT_GET_DH_AGREEMENT] = "get_dh_agreement",
    [EVENT_CACHE] = "cache",
    [EVENT_PAD] = "pad",
    [EVENT_UNPAD] = "unpad",
    [EVENT_APDU] = "apdu",
    [EVENT_TRANSACTION] = "transaction",
    [EVENT_PCSC] = "pcsc",
    [EVENT_OUTPUT] = "output",
    [EVENT_CHANGED] = "changed",
    [EVENT_SECRET] = "secret",
    [EVENT_RESIDUE] = "residue",
    [EVENT_DAMAGE] = "damage",
    [EVENT_LOAD] = "load",
    [EVENT_CRASH] = "crash",
    [EVENT_HANG] = "hang",
    [EVENT_EXIT] = "exit",
    [EVENT_KILLED] = "killed",
    [EVENT_CARD] = "card",
    [EVENT_LEDGER] = "ledger",
    [EVENT_FAULT] = "fault",
    [EVENT_SWEPT] = "swept",
    [EVENT_MEET] = "meet",
    [EVENT_END] = "end",
    [EVENT_BROKEN] = "broken",
};

const char *event_kind_name(enum event_kind kind)
{
    return kind < EVENT_COUNT ? event_names[kind] : NULL;
}

bool event_read(const struct node *line, struct event *out)
{
    const char *name = node_get_text(line, "e");
    *out = (struct event){.kind = EVENT_BEGIN, .node = line};
    if (name == NULL)
        return false;
    out->case_n = node_get_uint(line, "c", EVENT_NO_CASE);
    while (out->kind < EVENT_COUNT && strcmp(event_names[out->kind], name) != 0)
        out->kind++;
    out->step = node_get_uint(line, "s", 0);
    out->iteration = node_get_uint(line, "i", 0);
    out->host = node_get_uint(line, "h", 0);
    out->thread = node_get_uint(line, "t", 0);
    out->seq = node_get_uint(line, "q", 0);
    return true;
}
