/* SPDX-License-Identifier: Apache-2.0 */
/* The catalogue of requirements: what a minidriver must do, and how bad each deviation is.
 *
 * Rows come from cases/requirements.yaml, from a vendor's `requirements:` or back from a trace; the
 * same reader takes all three.  Everything lives in the arena given; nothing is modified after
 * reading. */
#ifndef MDCTS_REQUIREMENT_H
#define MDCTS_REQUIREMENT_H

#include "base/node.h"

enum requirement_level { LEVEL_MUST, LEVEL_SHOULD, LEVEL_MAY };
enum requirement_kind { KIND_SRC, KIND_HDR, KIND_KIT, KIND_INF };

/* Which requirements count: all, or those that a document states (SRC, HDR, KIT), without our
 * inferences. */
enum kinds { KINDS_SUITE, KINDS_DOCUMENTS };

/* From best to worst; INFO is a note and never counted. */
enum outcome { OUTCOME_PASS, OUTCOME_INFO, OUTCOME_WARN, OUTCOME_FAIL };

/* One entry of accept, warn or fail: a code by name, or one of the three words. */
enum code_kind {
    CODE_EXACT,   /* a name of status.h */
    CODE_SCARD,   /* SCARD_*: any refusal of that family */
    CODE_SUCCESS, /* success */
    CODE_FAILURE, /* failure: anything but success */
};

struct code {
    enum code_kind kind;
    uint32_t status;  /* CODE_EXACT */
    const char *name; /* as written */
};

struct code_list {
    const struct code *items;
    size_t count;
};

struct requirement {
    const char *id; /* "R105" */
    struct source_pos at;
    const char *section;
    enum requirement_level level;
    enum requirement_kind kind;
    const char *text, *source, *observe;
    struct code_list accept, warn, fail;
    const char *untestable; /* why no case can show it; NULL if one can */
    const struct node *node;
};

struct requirements {
    struct requirement *items; /* in the order of reading */
    size_t count, capacity;
};

/* Adds the rows of a map {Rnnn: row}.  False, with diagnostics, if any is wrong or already there.
 */
bool requirements_add(struct diags *diags, struct arena *keep, const struct node *rows,
                      struct requirements *all);

/* Adds one row of a trace: a map with `id` beside the row's own keys. */
bool requirements_add_row(struct diags *diags, struct arena *keep, const struct node *row,
                          struct requirements *all);

/* The row as the trace carries it. */
struct node *requirement_to_node(struct arena *keep, const struct requirement *row);

/* NULL if there is no such row. */
const struct requirement *requirement_find(const struct requirements *all, const char *id);

/* What a return code means for a row: named codes first, then codes that make Windows prompt or
 * reconnect, then the words SCARD_* and failure, then kind and level. */
enum outcome requirement_outcome(const struct requirement *row, uint32_t status);

/* The outcome of a deviation about which the row says nothing more. */
enum outcome requirement_deviation(const struct requirement *row);

/* Whether the row says anything about return codes. */
bool requirement_has_codes(const struct requirement *row);

/* Whether this code makes Windows ask for a PIN or reconnect. */
bool status_prompts(uint32_t status);

/* "Rnnn", or a vendor's PREFIX-nnn. */
bool requirement_id_is_valid(const char *id);

const char *requirement_level_name(enum requirement_level level);
const char *requirement_kind_name(enum requirement_kind kind);
const char *outcome_name(enum outcome outcome);
bool requirement_level_from_name(const char *name, enum requirement_level *out);

/* The value of --kinds, "suite" or "documents"; NULL: KINDS_SUITE.  False for any other. */
bool kinds_from_name(const char *name, enum kinds *out);
bool kinds_include(enum kinds kinds, enum requirement_kind kind);
#define KINDS_HELP "which requirements count: suite (all) or documents (no inferences) [suite]"

#endif
