/* SPDX-License-Identifier: Apache-2.0 */
/* The results of a run: a verdict for every case, and what stands behind it.
 *
 * judge() makes them, results_write() stores them, reports render them.  Everything in them lives
 * in the arena that judge() was given.  Times are in `measured` only, which stands last. */
#ifndef MDCTS_RESULTS_H
#define MDCTS_RESULTS_H

#include "finding.h"

#include <stdio.h>

#define RESULTS_FORMAT 1

struct case_result {
    const char *id, *requirement, *about,
        *file; /* requirement may be NULL: a crash nobody asked about, a capability */
    uint32_t line;
    enum verdict verdict;
    const char *reason; /* SKIP, BLOCKED, CRASH, HANG, WAIVED, BROKEN: why; else NULL */
    const char *blocked_by;
    enum outcome blocked_outcome;
    struct finding *findings;
    size_t finding_count;
    uint64_t findings_total;
    const char *const *seen_in; /* invariants and shared crashes: the cases that saw it */
    size_t seen_count;
    uint64_t seen_total;
    const char *repro;    /* command line; NULL: none */
    uint64_t rounds;      /* of a swept case; 0: not swept */
    bool rounds_left_out; /* the sweep was too long for all of its places */
    uint64_t us, callbacks;
};

struct coverage {
    uint64_t rows, untestable, judged; /* rows with at least one case that was judged */
    const char *const *uncovered;      /* testable rows without one */
    size_t uncovered_count;
};

struct results {
    const char *suite;         /* version */
    const struct node *header; /* the trace's first line */
    struct requirements rows;
    bool complete;    /* the trace has its end */
    uint64_t not_run; /* planned cases that a cut trace doesn't reach */
    /* capabilities, a probing that broke, plan order, shared crashes, invariants */
    struct case_result *cases;
    size_t case_count, case_capacity;
    uint64_t totals[VERDICT_COUNT]; /* by the whole suite */
    enum kinds kinds;               /* what the exit code and the console go by */
    struct coverage coverage;
};

/* Appends a case and counts it. */
void results_add(struct arena *keep, struct results *results, const struct case_result *one);

/* Fills coverage from the cases. */
void results_cover(struct arena *keep, struct results *results);

/* Whether a finding about this requirement counts.  A claim of the profile's (NULL) always does. */
bool results_heed(const struct results *results, enum kinds kinds, const char *requirement);

/* The verdict by these kinds; false: the case says nothing about them.  By the documents a case
 * about an inference counts only for what it found against other requirements. */
bool results_verdict(const struct results *results, const struct case_result *one, enum kinds kinds,
                     enum verdict *out);

void results_totals(const struct results *results, enum kinds kinds,
                    uint64_t totals[VERDICT_COUNT]);

/* What a reproduction of a case is called with; in keep. */
const char *results_repro(struct arena *keep, const struct node *header, const char *id);

/* results.json; one case per line.  False if it could not be written. */
bool results_write(FILE *to, const struct results *results);
/* To a file beside, then renamed over path: a reader never sees half of it. */
bool results_write_file(const char *path, const struct results *results);

/* 0, 1, 5 or 6 of the command's exit codes. */
int results_exit_code(const struct results *results, bool fail_on_warn);

#endif
