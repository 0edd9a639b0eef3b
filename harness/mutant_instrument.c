/* SPDX-License-Identifier: Apache-2.0 */
#include "mutant_instrument.h"

#include "json_tree.h"
#include "judge.h"
#include "trace.h"

#include <stdio.h>
#include <string.h>

#define EVENT_KINDS_MAX  6
#define REQUIREMENTS_MAX 12

static const struct instrument_row {
    const char *name;
    /* Of instruments that watch: what they write, and where that can show. */
    const char *events[EVENT_KINDS_MAX], *requirements[REQUIREMENTS_MAX];
} instruments[INSTRUMENT_COUNT] = {
    [INSTRUMENT_MEMORY] = {"memory that runs out", {0}, {0}},
    [INSTRUMENT_LEDGER] = {"the ledger",
                           {"alloc", "realloc", "free", "damage", "ledger"},
                           {"R051", "R057", "R128", "R133", "R193", "R201", "R202", "R214", "R215",
                            "R216", "R232"}},
    [INSTRUMENT_SECRETS] = {"the search for secrets",
                            {"secret", "residue", "output"},
                            {"R058", "R224", "R225", "R254", "R255"}},
    [INSTRUMENT_FAULTS] = {"faults at the card", {0}, {0}},
    [INSTRUMENT_THREADS] = {"threads and processes", {0}, {0}},
};

const char *instrument_name(enum instrument instrument)
{
    return instruments[instrument].name;
}

/* ---- what a case plays ---- */

static unsigned instruments_of_step(const struct node *step)
{
    static const struct {
        const char *key;
        enum instrument instrument;
    } keys[] = {
        {"card", INSTRUMENT_FAULTS},      {"pcsc", INSTRUMENT_FAULTS},
        {"foreign", INSTRUMENT_FAULTS},   {"remove", INSTRUMENT_FAULTS},
        {"reset", INSTRUMENT_FAULTS},     {"insert", INSTRUMENT_FAULTS},
        {"reconnect", INSTRUMENT_FAULTS}, {"beside", INSTRUMENT_THREADS},
        {"thread", INSTRUMENT_THREADS},
    };
    const struct node *acquire = node_get(step, "acquire"), *sweep = node_get(step, "sweep"),
                      *callbacks = node_get(step, "callbacks");
    unsigned found = 0;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (node_get(step, keys[i].key) != NULL)
            found |= 1u << keys[i].instrument;
    if (node_get(sweep, "fail") != NULL || node_get(callbacks, "CspAlloc") != NULL ||
        node_get(callbacks, "CspReAlloc") != NULL)
        found |= 1u << INSTRUMENT_MEMORY;
    if (node_get(acquire, "process") != NULL || node_get(acquire, "reader") != NULL)
        found |= 1u << INSTRUMENT_THREADS;
    if (node_get(sweep, "card") != NULL || node_get(sweep, "pcsc") != NULL)
        found |= 1u << INSTRUMENT_FAULTS;
    return found;
}

unsigned instruments_of_plan(const struct node *plan)
{
    const struct node *steps = node_get(plan, "steps");
    unsigned found = 0;
    for (const struct node *step = steps == NULL ? NULL : steps->first; step != NULL;
         step = step->next)
        found |= instruments_of_step(step);
    return found;
}

/* Instruments that play all of the cases that saw it, as far as they are told. */
static unsigned played_by_all(const struct node *one, unsigned (*played)(const char *id))
{
    const struct node *seen = node_get(one, "seen_in");
    unsigned all = ~0u;
    if (seen == NULL)
        return played(node_get_text(one, "id"));
    for (const struct node *id = seen->first; id != NULL; id = id->next)
        all &= played(id->text);
    return node_get_uint(one, "seen_total", seen->count) > seen->count ? 0 : all;
}

/* ---- what a mutant shows ---- */

static bool is_bad(const char *outcome)
{
    static const char *const good[] = {"PASS", "INFO", "SKIP"};
    for (size_t i = 0; outcome != NULL && i < sizeof good / sizeof good[0]; i++)
        if (strcmp(outcome, good[i]) == 0)
            return false;
    return true;
}

static bool may_show_in(const struct instrument_row *row, const char *requirement)
{
    for (size_t i = 0; i < REQUIREMENTS_MAX && row->requirements[i] != NULL; i++)
        if (requirement != NULL && strcmp(row->requirements[i], requirement) == 0)
            return true;
    return false;
}

/* Whether all that is bad about a case may be an instrument's that watches. */
static bool is_watched(const struct instrument_row *row, const struct node *one)
{
    const struct node *findings = node_get(one, "findings");
    for (const struct node *f = findings == NULL ? NULL : findings->first; f != NULL; f = f->next)
        if (is_bad(node_get_text(f, "outcome")) &&
            !may_show_in(row, node_get_text(f, "requirement")))
            return false;
    return (findings != NULL && findings->first != NULL) ||
           may_show_in(row, node_get_text(one, "blocked_by"));
}

/* ---- a trace without an instrument ---- */

struct blinding {
    struct arena *keep;
    const struct instrument_row *row;
    bool *left_out; /* cases by number: the instrument's trap has ended them */
    size_t case_count;
    FILE *to;
};

/* Pages that no driver may touch are the ledger's: without it nothing had happened here. */
static bool is_trap(const struct blinding *blind, const struct node *line)
{
    const char *kind = node_get_text(line, "e");
    return blind->row == &instruments[INSTRUMENT_LEDGER] && kind != NULL &&
           strcmp(kind, "crash") == 0 && node_get(node_get(line, "what"), "block") != NULL;
}

static bool is_instruments(const struct blinding *blind, const struct node *line)
{
    const char *kind = node_get_text(line, "e");
    for (size_t i = 0; kind != NULL && i < EVENT_KINDS_MAX && blind->row->events[i] != NULL; i++)
        if (strcmp(kind, blind->row->events[i]) == 0)
            return true;
    return false;
}

/* What a return tells of blocks: every pointer is as good as any. */
static void forget_blocks(const struct blinding *blind, struct node *line)
{
    struct node *out = node_get(line, "out");
    if (blind->row != &instruments[INSTRUMENT_LEDGER] || out == NULL || out->kind != NODE_MAP)
        return;
    for (struct node *value = out->first; value != NULL; value = value->next)
        if (node_get(value, "wild") != NULL || node_get(value, "block") != NULL) {
            value->first = value->last = NULL;
            value->count = 0;
            node_add(value, "block", node_new_uint(blind->keep, 1));
        }
}

static bool each_line(const char *path, void (*visit)(struct blinding *blind, struct node *line),
                      struct blinding *blind)
{
    struct diags diags = {0};
    struct trace_reader reader;
    enum trace_status status = TRACE_LINE;
    bool ok = trace_reader_open(&diags, &reader, path);
    while (ok && status == TRACE_LINE) {
        struct arena scratch = {0};
        struct node *line = NULL;
        uint64_t offset;
        status = trace_read(&diags, &reader, &scratch, &line, &offset);
        blind->keep = &scratch;
        if (status == TRACE_LINE)
            visit(blind, line);
        arena_free(&scratch);
    }
    if (ok)
        trace_reader_close(&reader);
    diags_free(&diags);
    return ok && status == TRACE_DONE;
}

static void find_traps(struct blinding *blind, struct node *line)
{
    uint64_t n = node_get_uint(line, "c", UINT64_MAX);
    if (n < blind->case_count && is_trap(blind, line))
        blind->left_out[n] = true;
}

static void copy_line(struct blinding *blind, struct node *line)
{
    uint64_t n = node_get_uint(line, "c", UINT64_MAX);
    if ((n < blind->case_count && blind->left_out[n]) || is_instruments(blind, line) ||
        is_trap(blind, line))
        return;
    forget_blocks(blind, line);
    fprintf(blind->to, "%s\n", json_tree_text(blind->keep, line));
}

/* A case that nothing is known about was left out. */
static bool shows_nothing(const struct results *results, const struct blinding *blind)
{
    for (size_t i = 0; i < results->case_count; i++) {
        const struct case_result *one = &results->cases[i];
        bool unknown = one->verdict == VERDICT_BROKEN && one->finding_count == 0;
        if (one->verdict == VERDICT_BLOCKED ||
            (one->verdict == VERDICT_BROKEN && !(unknown && blind->left_out[blind->case_count])))
            return false;
        for (size_t k = 0; k < one->finding_count; k++)
            if (one->findings[k].outcome > OUTCOME_INFO)
                return false;
    }
    return true;
}

static bool passes_blind(struct arena *keep, const struct instrument_row *row, const char *dir,
                         size_t case_count)
{
    const char *from = arena_printf(keep, "%s/trace.jsonl", dir);
    const char *to = arena_printf(keep, "%s/blind.jsonl", dir);
    struct blinding blind = {.row = row,
                             .left_out = arena_array(keep, bool, case_count + 1),
                             .case_count = case_count,
                             .to = fopen(to, "w")};
    struct diags diags = {0};
    struct arena scratch = {0};
    struct results results = {0};
    if (blind.to == NULL)
        mutant_die("cannot be written", to);
    bool ok = each_line(from, find_traps, &blind);
    for (size_t i = 0; i < case_count; i++)
        blind.left_out[case_count] |= blind.left_out[i];
    ok = ok && each_line(from, copy_line, &blind);
    ok = fclose(blind.to) == 0 && ok && judge_trace(&diags, &scratch, to, &results) == JUDGE_OK &&
         shows_nothing(&results, &blind);
    remove(to);
    arena_free(&scratch);
    diags_free(&diags);
    return ok;
}

unsigned instruments_alone(struct arena *keep, const struct node *results, const char *dir,
                           unsigned (*played)(const char *id))
{
    const struct node *cases = node_get(results, "cases");
    unsigned alone = (1u << INSTRUMENT_COUNT) - 1, watching = 0;
    size_t count = 0;
    bool seen = false;
    for (unsigned i = 0; i < INSTRUMENT_COUNT; i++)
        watching |= instruments[i].events[0] != NULL ? 1u << i : 0;
    for (const struct node *one = cases == NULL ? NULL : cases->first; one != NULL;
         one = one->next, count++) {
        if (!is_bad(node_get_text(one, "verdict")))
            continue;
        seen = true;
        alone &= watching | played_by_all(one, played);
        for (unsigned i = 0; i < INSTRUMENT_COUNT; i++)
            if ((watching >> i & 1) != 0 && !is_watched(&instruments[i], one))
                alone &= ~(1u << i);
    }
    for (unsigned i = 0; i < INSTRUMENT_COUNT; i++)
        if ((alone & watching) >> i & 1 && !passes_blind(keep, &instruments[i], dir, count))
            alone &= ~(1u << i);
    return seen ? alone : 0;
}
