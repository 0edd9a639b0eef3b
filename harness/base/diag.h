/* SPDX-License-Identifier: Apache-2.0 */
/* Diagnostics about input that a person can mend: "file:line:column: error: sentence".
 *
 * Reading goes on after an error and up to DIAG_MAX are kept, so that one run shows them all.
 * Nothing that had an error may be used. */
#ifndef MDCTS_BASE_DIAG_H
#define MDCTS_BASE_DIAG_H

#include "arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define DIAG_MAX 20

/* Lines and columns are 1-based and count characters; 0 means unknown and is not printed.
 * file is borrowed and must outlive the diagnostics. */
struct source_pos {
    const char *file;
    uint32_t line, column;
};

struct diag {
    struct source_pos at;
    const char *text;
};

/* A zeroed struct diags is empty and ready. */
struct diags {
    struct arena arena;
    struct diag items[DIAG_MAX];
    size_t count; /* errors seen; only the first DIAG_MAX are kept */
};

/* Adds an error.  Always returns false, so that a reader can "return diag_error(...)". */
bool diag_error(struct diags *diags, struct source_pos at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Writes every kept error on a line of its own, and how many more there were. */
void diags_print(const struct diags *diags, FILE *to);

void diags_free(struct diags *diags);

#endif
