/* SPDX-License-Identifier: Apache-2.0 */
/* What a person reads in a terminal: a progress line while cases run, then a table and every red
 * line.
 *
 * Colour and the progress line depend on struct console_style alone, so tests choose it; the
 * environment is read by console_style_of() only. */
#ifndef MDCTS_CONSOLE_H
#define MDCTS_CONSOLE_H

#include "results.h"

#define CONSOLE_SUITES_MAX   200
#define CONSOLE_RED_MAX      100 /* red cases shown in full */
#define CONSOLE_WARNINGS_MAX 20  /* shown on a line each */
#define CONSOLE_NOTES_MAX    10  /* INFO findings, likewise */
#define CONSOLE_REASONS_MAX  8   /* of skips, the most frequent ones */

struct console_style {
    bool color;
    bool live; /* a progress line that is overwritten; else a line now and then */
};

struct console {
    FILE *to;
    struct console_style style;
    size_t last_percent; /* of the plain progress */
    bool line_is_open;
};

/* By NO_COLOR, CI, TERM and whether `to` is a terminal. */
struct console_style console_style_of(FILE *to);

void console_start(struct console *console, FILE *to, struct console_style style);

/* After each case; id is the one that has just ended. */
void console_progress(struct console *console, size_t done, size_t total, const char *id);

/* The table, notes, warnings and red lines, why cases were skipped, the totals.  False if it could
 * not be written. */
bool console_results(struct console *console, const struct results *results);

#endif
