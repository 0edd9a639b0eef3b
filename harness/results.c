/* SPDX-License-Identifier: Apache-2.0 */
#include "results.h"

#include "json_tree.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_FOUND = 1, EXIT_NOTHING = 5, EXIT_UNSURE = 6 };

void results_add(struct arena *keep, struct results *results, const struct case_result *one)
{
    results->cases = arena_grow(keep, results->cases, results->case_count, &results->case_capacity,
                                sizeof *results->cases);
    results->cases[results->case_count++] = *one;
    results->totals[one->verdict]++;
}

static bool was_judged(const struct results *results, const char *requirement)
{
    for (size_t i = 0; i < results->case_count; i++) {
        const struct case_result *one = &results->cases[i];
        bool judged = one->verdict != VERDICT_SKIP && one->verdict != VERDICT_BLOCKED &&
                      one->verdict != VERDICT_BROKEN;
        if (judged && one->requirement != NULL && strcmp(one->requirement, requirement) == 0)
            return true;
    }
    return false;
}

void results_cover(struct arena *keep, struct results *results)
{
    struct coverage *coverage = &results->coverage;
    const char **uncovered = arena_array(keep, const char *, results->rows.count);
    *coverage = (struct coverage){.rows = results->rows.count, .uncovered = uncovered};
    for (size_t i = 0; i < results->rows.count; i++) {
        const struct requirement *row = &results->rows.items[i];
        if (was_judged(results, row->id))
            coverage->judged++;
        else if (row->untestable != NULL)
            coverage->untestable++;
        else
            uncovered[coverage->uncovered_count++] = row->id;
    }
}

/* ---- by the documents ---- */

bool results_heed(const struct results *results, enum kinds kinds, const char *requirement)
{
    const struct requirement *row =
        requirement == NULL ? NULL : requirement_find(&results->rows, requirement);
    return row == NULL || kinds_include(kinds, row->kind);
}

/* Of the findings that count. */
static enum verdict findings_verdict(const struct results *results, const struct case_result *one,
                                     enum kinds kinds)
{
    enum outcome worst = OUTCOME_PASS;
    bool waived = false;
    for (size_t i = 0; i < one->finding_count; i++) {
        const struct finding *finding = &one->findings[i];
        if (!results_heed(results, kinds, finding->requirement))
            continue;
        waived = waived || finding->waiver != NULL;
        if (finding->waiver == NULL && finding->outcome > worst)
            worst = finding->outcome;
    }
    return waived && worst < OUTCOME_WARN ? VERDICT_WAIVED : verdict_of_outcome(worst);
}

bool results_verdict(const struct results *results, const struct case_result *one, enum kinds kinds,
                     enum verdict *out)
{
    bool own = results_heed(results, kinds, one->requirement);
    bool by_findings = one->verdict == VERDICT_WARN || one->verdict == VERDICT_FAIL;
    bool all_listed = one->findings_total <= one->finding_count;
    *out = one->verdict;
    if (kinds == KINDS_SUITE || (own && !(by_findings && all_listed)))
        return true;
    *out = findings_verdict(results, one, kinds);
    return own || *out == VERDICT_WARN || *out == VERDICT_FAIL;
}

void results_totals(const struct results *results, enum kinds kinds, uint64_t totals[VERDICT_COUNT])
{
    enum verdict verdict;
    memset(totals, 0, VERDICT_COUNT * sizeof totals[0]);
    for (size_t i = 0; i < results->case_count; i++)
        if (results_verdict(results, &results->cases[i], kinds, &verdict))
            totals[verdict]++;
}

/* ---- the command line ---- */

/* A word of a shell's, in quotes where it needs them. */
static const char *shell_word(struct arena *keep, const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-_./=:,+@%";
    const char *out = "";
    if (text[0] != '\0' && strspn(text, plain) == strlen(text))
        return text;
    for (const char *quote; (quote = strchr(text, '\'')) != NULL; text = quote + 1)
        out = arena_printf(keep, "%s%.*s'\\''", out, (int)(quote - text), text);
    return arena_printf(keep, "'%s%s'", out, text);
}

/* An option of the run's, where the trace tells its value. */
static const char *option_words(struct arena *keep, const char *name, const char *value)
{
    return value == NULL ? "" : arena_printf(keep, " %s %s", name, shell_word(keep, value));
}

/* Files and folders of cases other than the suite's. */
static const char *found_with_words(struct arena *keep, const struct node *header)
{
    const struct node *list = node_get(header, "found_with");
    const char *out = "";
    for (const struct node *item = list == NULL ? NULL : list->first; item != NULL;
         item = item->next)
        if (node_text(item) != NULL)
            out = arena_printf(keep, "%s %s", out, shell_word(keep, item->text));
    return out;
}

const char *results_repro(struct arena *keep, const struct node *header, const char *id)
{
    const char *profile = node_get_text(node_get(header, "profile"), "file");
    const char *driver = node_get_text(node_get(header, "driver"), "path");
    const char *abi = node_get_text(header, "abi");
    bool plain = abi == NULL || strcmp(abi, "sysv") == 0;
    return arena_printf(keep, "mdcts run%s%s%s%s%s%s %s", option_words(keep, "--profile", profile),
                        option_words(keep, "--driver", driver),
                        option_words(keep, "--reader", node_get_text(header, "reader")),
                        option_words(keep, "--abi", plain ? NULL : abi),
                        option_words(keep, "--wrap", node_get_text(header, "wrap")),
                        found_with_words(keep, header), shell_word(keep, id));
}

/* ---- JSON ---- */

static void add_text(struct arena *keep, struct node *map, const char *key, const char *text)
{
    if (text != NULL)
        node_add(map, key, node_new_string(keep, text));
}

static void add_count(struct arena *keep, struct node *map, const char *key, uint64_t count)
{
    if (count != 0)
        node_add(map, key, node_new_uint(keep, count));
}

static struct node *finding_node(struct arena *keep, const struct finding *finding)
{
    struct node *map = node_new_map(keep);
    add_text(keep, map, "requirement", finding->requirement);
    add_text(keep, map, "outcome", outcome_name(finding->outcome));
    add_text(keep, map, "expected", finding->expected);
    add_text(keep, map, "observed", finding->observed);
    add_text(keep, map, "code", finding->code);
    add_count(keep, map, "step", finding->step);
    add_count(keep, map, "iteration", finding->iteration);
    add_text(keep, map, "op", finding->op);
    add_text(keep, map, "file", finding->file);
    add_count(keep, map, "line", finding->line);
    add_text(keep, map, "waiver", finding->waiver);
    return map;
}

static struct node *text_list(struct arena *keep, const char *const *items, size_t count)
{
    struct node *list = node_new_list(keep);
    for (size_t i = 0; i < count; i++)
        node_append(list, node_new_string(keep, items[i]));
    return list;
}

static struct node *case_node(struct arena *keep, const struct case_result *one)
{
    struct node *map = node_new_map(keep);
    add_text(keep, map, "id", one->id);
    if (one->requirement == NULL)
        node_add(map, "requirement", node_new_null(keep));
    add_text(keep, map, "requirement", one->requirement);
    add_text(keep, map, "verdict", verdict_name(one->verdict));
    add_text(keep, map, "reason", one->reason);
    add_text(keep, map, "blocked_by", one->blocked_by);
    if (one->rounds != 0)
        node_add(map, "rounds", node_new_uint(keep, one->rounds));
    if (one->rounds_left_out)
        node_add(map, "rounds_left_out", node_new_bool(keep, true));
    struct node *findings = node_add(map, "findings", node_new_list(keep));
    for (size_t i = 0; i < one->finding_count; i++)
        node_append(findings, finding_node(keep, &one->findings[i]));
    if (one->findings_total > one->finding_count)
        add_count(keep, map, "findings_total", one->findings_total);
    if (one->seen_total > 0) {
        node_add(map, "seen_in", text_list(keep, one->seen_in, one->seen_count));
        add_count(keep, map, "seen_total", one->seen_total);
    }
    add_text(keep, map, "about", one->about);
    add_text(keep, map, "file", one->file);
    add_count(keep, map, "line", one->line);
    add_text(keep, map, "repro", one->repro);
    return map;
}

static struct node *totals_node(struct arena *keep, const struct results *results, enum kinds kinds)
{
    uint64_t totals[VERDICT_COUNT];
    struct node *map = node_new_map(keep);
    results_totals(results, kinds, totals);
    for (enum verdict v = 0; v < VERDICT_COUNT; v++)
        node_add(map, verdict_key(v), node_new_uint(keep, totals[v]));
    if (kinds == KINDS_SUITE)
        node_add(map, "not_run", node_new_uint(keep, results->not_run));
    return map;
}

static struct node *coverage_node(struct arena *keep, const struct coverage *coverage)
{
    struct node *map = node_new_map(keep);
    node_add(map, "rows", node_new_uint(keep, coverage->rows));
    node_add(map, "judged", node_new_uint(keep, coverage->judged));
    node_add(map, "untestable", node_new_uint(keep, coverage->untestable));
    node_add(map, "uncovered", text_list(keep, coverage->uncovered, coverage->uncovered_count));
    return map;
}

static struct node *measured_node(struct arena *keep, const struct results *results)
{
    struct node *map = node_new_map(keep);
    struct node *cases = node_add(map, "cases", node_new_list(keep));
    for (size_t i = 0; i < results->case_count; i++) {
        const struct case_result *one = &results->cases[i];
        if (one->us == 0 && one->callbacks == 0)
            continue;
        struct node *times = node_append(cases, node_new_map(keep));
        add_text(keep, times, "id", one->id);
        node_add(times, "us", node_new_uint(keep, one->us));
        node_add(times, "callbacks", node_new_uint(keep, one->callbacks));
    }
    return map;
}

static bool write_member(FILE *to, const char *key, const struct node *value, const char *after)
{
    struct arena scratch = {0};
    bool ok = fprintf(to, "\"%s\":%s%s", key, json_tree_text(&scratch, value), after) >= 0;
    arena_free(&scratch);
    return ok;
}

static bool write_head(FILE *to, const struct results *results)
{
    struct arena scratch = {0};
    const struct node *driver = node_get(results->header, "driver");
    struct node *empty = node_new_map(&scratch);
    struct node *format = node_new_uint(&scratch, RESULTS_FORMAT);
    struct node *suite = node_new_string(&scratch, results->suite);
    struct node *complete = node_new_bool(&scratch, results->complete);
    struct node *totals = totals_node(&scratch, results, KINDS_SUITE);
    struct node *documents = totals_node(&scratch, results, KINDS_DOCUMENTS);
    bool ok = fputs("{", to) >= 0 && write_member(to, "format", format, ",\n") &&
              write_member(to, "suite", suite, ",\n") &&
              write_member(to, "driver", driver == NULL ? empty : driver, ",\n") &&
              write_member(to, "complete", complete, ",\n") &&
              write_member(to, "totals", totals, ",\n") &&
              write_member(to, "totals_by_documents", documents, ",\n") &&
              write_member(to, "coverage", coverage_node(&scratch, &results->coverage), ",\n");
    arena_free(&scratch);
    return ok;
}

static bool write_cases(FILE *to, const struct results *results)
{
    bool ok = fputs("\"cases\":[", to) >= 0;
    for (size_t i = 0; ok && i < results->case_count; i++) {
        struct arena scratch = {0};
        const char *text = json_tree_text(&scratch, case_node(&scratch, &results->cases[i]));
        ok = fprintf(to, "%s\n%s", i == 0 ? "" : ",", text) >= 0;
        arena_free(&scratch);
    }
    return ok && fputs("\n],\n", to) >= 0;
}

bool results_write(FILE *to, const struct results *results)
{
    struct arena scratch = {0};
    bool ok = write_head(to, results) && write_cases(to, results) &&
              write_member(to, "measured", measured_node(&scratch, results), "}\n");
    arena_free(&scratch);
    return ok && fflush(to) == 0 && !ferror(to);
}

bool results_write_file(const char *path, const struct results *results)
{
    struct arena scratch = {0};
    const char *beside = arena_printf(&scratch, "%s.new", path);
    FILE *to = fopen(beside, "we");
    bool ok = to != NULL && results_write(to, results);
    if (to != NULL && fclose(to) != 0)
        ok = false;
    ok = ok && rename(beside, path) == 0;
    if (!ok && to != NULL)
        unlink(beside);
    arena_free(&scratch);
    return ok;
}

/* ---- the exit code ---- */

/* What blocks a case is as bad as a case about it. */
static bool blocks(const struct results *results, const struct case_result *one, bool fail_on_warn)
{
    return one->verdict == VERDICT_BLOCKED &&
           (one->blocked_outcome == OUTCOME_FAIL || fail_on_warn) &&
           results_heed(results, results->kinds, one->blocked_by);
}

int results_exit_code(const struct results *results, bool fail_on_warn)
{
    uint64_t totals[VERDICT_COUNT];
    results_totals(results, results->kinds, totals);
    bool found = totals[VERDICT_FAIL] + totals[VERDICT_CRASH] + totals[VERDICT_HANG] > 0 ||
                 (fail_on_warn && totals[VERDICT_WARN] > 0);
    for (size_t i = 0; i < results->case_count && !found; i++)
        found = blocks(results, &results->cases[i], fail_on_warn);
    if (found)
        return EXIT_FOUND;
    if (totals[VERDICT_BROKEN] > 0 || !results->complete)
        return EXIT_UNSURE;
    uint64_t count = 0;
    for (enum verdict v = 0; v < VERDICT_COUNT; v++)
        count += totals[v];
    return count == 0 ? EXIT_NOTHING : 0;
}
