/* SPDX-License-Identifier: Apache-2.0 */
/* What a run will do: the concrete cases, which are left out and why.
 *
 * A plan keeps a case and a combination number for each concrete case and builds its steps on
 * demand in the caller's arena, so thousands of cases cost next to nothing.  Skips are decided
 * here, from the capabilities, before a card is touched. */
#ifndef MDCTS_PLAN_H
#define MDCTS_PLAN_H

#include "matrix.h"
#include "scenario.h"

#define PLAN_CASES_MAX 200000

struct plan_options {
    const char *const *selectors; /* FILE | ID-GLOB | REQUIREMENT; none: everything.  A FILE gives
                                   * those of its cases that another word selects, else all */
    size_t selector_count;
    bool has_level; /* only requirements of this level and above */
    enum requirement_level level;
    unsigned shard, shards;          /* shard K of N, 1-based; 0 of 0: all */
    unsigned allow;                  /* of enum case_allow */
    const struct node *capabilities; /* of the trace; NULL: unknown, nothing is skipped */
    bool virtual_reader;
    size_t readers;  /* that are at hand */
    bool no_sweeps;  /* swept cases are skipped */
    bool exhaustive; /* cases with the tag EXHAUSTIVE_TAG run too */
};

#define EXHAUSTIVE_TAG "exhaustive"

struct plan_case {
    const struct scenario_case *base;
    const struct matrix *matrix;
    size_t combination;
    const char *id;
    const char *skip; /* the reason; NULL: it runs */
};

struct plan {
    struct plan_case *cases;
    size_t count, capacity;
    bool unselected; /* a selector selects nothing: exit code 5, not 2 */
};

/* False, with a diagnostic, if a selector selects nothing or the plan would be too large. */
bool plan_make(struct diags *diags, struct arena *keep, const struct scenario *scenario,
               const struct plan_options *options, struct plan *out);

/* How many readers the cases that may run ask for: 1, or more. */
uint32_t plan_readers(const struct plan *plan);

/* The `case` map of the trace: n, id, base, requirement, about, file, line, fixture_steps, steps,
 * skip ... Its steps were checked by scenario_check() and are ready for scenario_read_step(). */
struct node *plan_case_node(const struct plan *plan, size_t n, struct arena *arena);

/* A planned case as run and judge read it, from plan_case_node() or from a trace line. */
struct planned {
    uint64_t n;
    const char *id, *base, *requirement, *about, *file, *skip;
    const char *fixture; /* NULL: none */
    uint32_t line;
    uint32_t timeout_ms; /* 0: none given */
    size_t fixture_steps;
    struct step *steps; /* fixture steps first */
    size_t step_count;
};

bool planned_read(struct diags *diags, struct arena *keep, const struct node *node,
                  struct planned *out);

/* Whether path is that file or folder, or lies below it. */
bool plan_is_below(const char *dir, const char *path);

#endif
