/* SPDX-License-Identifier: Apache-2.0 */
/* What went into a trace, told by those who wrote it: a run judges the file only if it holds just
 * that.
 *
 * The driver under test runs as the user who runs us, so it may write where we do, by accident or
 * not.  The sum doesn't mind the order of lines, which several runners write.  It is no signature:
 * whoever reads our memory can forge it. */
#ifndef MDCTS_TRACE_TALLY_H
#define MDCTS_TRACE_TALLY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct trace_tally {
    _Atomic uint64_t bytes, sum;
};

/* An empty one, which processes forked from here on share; NULL if there is no memory.  It stays
 * until the process ends. */
struct trace_tally *trace_tally_new(void);

/* A line with its newline. */
void trace_tally_add(struct trace_tally *tally, const char *line, size_t len);

/* Whether the file at path is what was added, in any order of lines. */
bool trace_tally_fits(const struct trace_tally *tally, const char *path);

#endif
