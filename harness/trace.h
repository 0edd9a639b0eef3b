/* SPDX-License-Identifier: Apache-2.0 */
/* The trace: everything a run saw, as one JSON line per fact, and all that a verdict may rest on.
 *
 * The writer appends each line as it happens with a single write, so that a killed run leaves whole
 * lines and at most one cut one a writer.  The reader takes a file from anywhere: lines are
 * bounded, a last line that was cut is no error but the end.  A cut line that another writer's
 * event goes on behind is left out and remembered.  Anything else that is no JSON is an error.
 * Offsets allow a line to be read again. */
#ifndef MDCTS_TRACE_H
#define MDCTS_TRACE_H

#include "base/node.h"
#include "trace_tally.h"

#include <stdio.h>

#define TRACE_FORMAT         1
#define TRACE_LINE_BYTES_MAX (64u * 1024 * 1024)

/* ---- writing ---- */

struct trace_writer {
    int fd; /* -1 when closed */
    bool failed;
    struct trace_tally *tally; /* of all that is written; NULL: nobody asks */
};

/* Creates the file or empties it; of what is in *writer only the tally counts.  False with errno
 * set. */
bool trace_writer_open(struct trace_writer *writer, const char *path);

/* Opens a trace that another process writes too; lines of both stay whole.  False with errno set.
 */
bool trace_writer_join(struct trace_writer *writer, const char *path);

/* Appends one line.  After a failure nothing more is written; false then and from then on. */
bool trace_write(struct trace_writer *writer, const struct node *line);

/* False if a line or the closing failed. */
bool trace_writer_close(struct trace_writer *writer);

/* ---- reading ---- */

enum trace_status {
    TRACE_LINE, /* a line was read */
    TRACE_DONE, /* no more lines */
    TRACE_CUT,  /* the last line is incomplete; there are no more */
    TRACE_BAD,  /* not readable, no JSON, or beyond a limit: a diagnostic says which */
};

struct trace_reader {
    FILE *file;
    const char *path;
    char *buffer;
    size_t capacity;
    uint32_t line;
    bool torn; /* a writer was stopped in the middle of a line, and others went on */
};

/* path is borrowed.  False with a diagnostic. */
bool trace_reader_open(struct diags *diags, struct trace_reader *reader, const char *path);

/* The next line as a tree in keep, and where it starts. */
enum trace_status trace_read(struct diags *diags, struct trace_reader *reader, struct arena *keep,
                             struct node **line, uint64_t *offset);

/* The line at an offset that trace_read() gave; the place of the next trace_read() is kept. */
struct node *trace_read_at(struct diags *diags, struct trace_reader *reader, struct arena *keep,
                           uint64_t offset);

void trace_reader_close(struct trace_reader *reader);

/* ---- events ---- */

enum event_kind {
    EVENT_BEGIN,
    EVENT_CALL,
    EVENT_RETURN,
    EVENT_NOT_RUN,
    EVENT_ALLOC,
    EVENT_REALLOC,
    EVENT_FREE,
    EVENT_GET_DH_AGREEMENT,
    EVENT_CACHE,
    EVENT_PAD,
    EVENT_UNPAD,
    EVENT_APDU,
    EVENT_TRANSACTION,
    EVENT_PCSC,
    EVENT_OUTPUT,
    EVENT_CHANGED,
    EVENT_SECRET,
    EVENT_RESIDUE,
    EVENT_DAMAGE,
    EVENT_LOAD,
    EVENT_CRASH,
    EVENT_HANG,
    EVENT_EXIT,
    EVENT_KILLED,
    EVENT_CARD,
    EVENT_FAULT,
    EVENT_LEDGER,
    EVENT_MEET,
    EVENT_END,
    EVENT_SWEPT,
    EVENT_BROKEN,
    EVENT_UNKNOWN, /* a kind that this version doesn't know */
};
#define EVENT_COUNT   EVENT_UNKNOWN
#define EVENT_NO_CASE UINT64_MAX /* before the first case, while probing */

struct event {
    enum event_kind kind;
    uint64_t case_n, step, iteration, host, thread, seq;
    const struct node *node;
};

/* "get_dh_agreement" for EVENT_GET_DH_AGREEMENT; NULL for EVENT_UNKNOWN. */
const char *event_kind_name(enum event_kind kind);

/* False if the line is no event: it has no kind. */
bool event_read(const struct node *line, struct event *out);

#endif
