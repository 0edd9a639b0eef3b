/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of defects.def and dialects.def, and what a run of each showed.
 * Everything lives in the arena of whoever reads; running out of bounds ends the process. */
#ifndef MDCTS_MUTANT_ROW_H
#define MDCTS_MUTANT_ROW_H

#include "finding.h"

#define MUTANT_ROWS_MAX     512
#define MUTANT_OUTCOMES_MAX 32
/* A defect that shows in more requirements is not narrow, or a case is not. */
#define MUTANT_CONSEQUENCES_MAX 5

struct outcome_of {
    const char *requirement;
    enum outcome outcome;
    const char *example; /* a case */
    size_t count;
};

struct mutant_row {
    const char *id, *driver, *sentence;
    const char *profile; /* of its dialect, beside the file of rows; NULL: none */
    struct outcome_of named[MUTANT_OUTCOMES_MAX];
    size_t named_count;
    const char *consequences; /* blank-separated requirement ids; of a dialect: that may warn */
    const char **cases;       /* to run; none: all */
    size_t case_count, case_capacity;
    size_t pool;                    /* from how many they were chosen */
    const struct planned **passing; /* the cases that pass its place */
    size_t passing_count, passing_capacity;
    struct outcome_of *seen; /* what the run showed */
    size_t seen_count;
    bool ended;
    bool apart; /* no mutant of the reference: its cases are chosen by their requirements alone */
    unsigned alone; /* instruments without which nothing is seen, mutant_instrument.h */
    bool ok;
};

struct mutant_rows {
    struct arena *keep;
    bool dialects; /* not mutants */
    struct mutant_row items[MUTANT_ROWS_MAX];
    size_t count;
};

/* Ends the process. */
_Noreturn void mutant_die(const char *sentence, const char *what);

/* Adds the file's rows whose id is wanted; wanted_count 0: all of them. */
void mutant_rows_read(struct mutant_rows *rows, const char *path, char **wanted, int wanted_count);

/* Reads the suite's own table of defects, which lies beside the folder of cases; false if it isn't
 * there, as in a copy that consists of programs and cases. */
bool mutant_rows_find(struct mutant_rows *rows);

/* How many rows name the requirement as an outcome. */
size_t mutant_rows_count(const struct mutant_rows *rows, const char *requirement);
/* Whether the row names the requirement, as an outcome or as a consequence. */
bool mutant_row_names(const struct mutant_row *row, const char *requirement);
/* NULL: not as an outcome. */
const struct outcome_of *mutant_row_named(const struct mutant_row *row, const char *requirement);
/* NULL: its run showed nothing about the requirement. */
const struct outcome_of *mutant_row_seen(const struct mutant_row *row, const char *requirement);

#endif
