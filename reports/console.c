/* SPDX-License-Identifier: Apache-2.0 */
#include "console.h"

#include "report_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROGRESS_PERCENT 10 /* a plain line for each of these */

static const char reset[] = "\x1b[0m", red[] = "\x1b[31m", yellow[] = "\x1b[33m",
                  green[] = "\x1b[32m", bold[] = "\x1b[1m";

struct console_style console_style_of(FILE *to)
{
    const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR"), *ci = getenv("CI");
    bool dumb = term == NULL || term[0] == '\0' || strcmp(term, "dumb") == 0;
    bool terminal = isatty(fileno(to)) == 1;
    return (struct console_style){
        .color = terminal && !dumb && (no_color == NULL || no_color[0] == '\0'),
        .live = terminal && !dumb && (ci == NULL || ci[0] == '\0'),
    };
}

void console_start(struct console *console, FILE *to, struct console_style style)
{
    *console = (struct console){.to = to, .style = style};
}

void console_progress(struct console *console, size_t done, size_t total, const char *id)
{
    struct arena scratch = {0};
    size_t percent = total == 0 ? 100 : done * 100 / total;
    if (console->style.live) {
        fprintf(console->to, "\r\x1b[K%zu/%zu %.60s", done, total, report_text_line(&scratch, id));
        console->line_is_open = true;
    } else if (percent / PROGRESS_PERCENT > console->last_percent / PROGRESS_PERCENT) {
        fprintf(console->to, "%zu of %zu cases\n", done, total);
        console->last_percent = percent;
    }
    fflush(console->to);
    arena_free(&scratch);
}

static const char *paint(const struct console *console, const char *color)
{
    return console->style.color ? color : "";
}

static const char *verdict_color(enum verdict verdict)
{
    if (verdict_is_red(verdict))
        return red;
    return verdict == VERDICT_WARN || verdict == VERDICT_WAIVED ? yellow : green;
}

/* ---- the table ---- */

static const enum verdict columns[] = {VERDICT_PASS, VERDICT_WARN, VERDICT_FAIL,   VERDICT_CRASH,
                                       VERDICT_HANG, VERDICT_SKIP, VERDICT_BLOCKED};
#define COLUMNS (sizeof columns / sizeof columns[0])

struct suite_row {
    const char *name;
    uint64_t counts[VERDICT_COUNT];
};

struct suite_table {
    struct suite_row rows[CONSOLE_SUITES_MAX];
    size_t count;
};

static struct suite_row *find_suite(struct suite_table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->rows[i].name, name) == 0)
            return &table->rows[i];
    if (table->count == CONSOLE_SUITES_MAX)
        return &table->rows[CONSOLE_SUITES_MAX - 1]; /* the last one takes the rest */
    table->rows[table->count].name = name;
    return &table->rows[table->count++];
}

/* INFO is a note: its case has passed. */
static uint64_t column_count(const uint64_t *counts, enum verdict verdict)
{
    return counts[verdict] + (verdict == VERDICT_PASS ? counts[VERDICT_INFO] : 0);
}

static void print_row(const struct console *console, const char *name, int width,
                      const uint64_t *counts)
{
    fprintf(console->to, "%-*s", width, name);
    for (size_t c = 0; c < COLUMNS; c++) {
        uint64_t count = column_count(counts, columns[c]);
        bool marked = count > 0 && columns[c] != VERDICT_PASS && columns[c] != VERDICT_SKIP;
        fprintf(console->to, "%s%9" PRIu64 "%s",
                marked ? paint(console, verdict_color(columns[c])) : "", count,
                marked ? paint(console, reset) : "");
    }
    fputc('\n', console->to);
}

static void print_table(const struct console *console, const struct results *results,
                        struct arena *scratch)
{
    struct suite_table *table = arena_new(scratch, struct suite_table);
    uint64_t totals[VERDICT_COUNT];
    enum verdict verdict;
    int width = (int)strlen("total");
    for (size_t i = 0; i < results->case_count; i++) {
        if (!results_verdict(results, &results->cases[i], results->kinds, &verdict))
            continue;
        const char *suite = report_suite(scratch, results->cases[i].id);
        suite = report_text_line(scratch, suite);
        find_suite(table, suite)->counts[verdict]++;
        if ((int)strlen(suite) > width)
            width = (int)strlen(suite);
    }
    fprintf(console->to, "%s%-*s", paint(console, bold), width, "");
    for (size_t c = 0; c < COLUMNS; c++)
        fprintf(console->to, "%9s", verdict_key(columns[c]));
    fprintf(console->to, "%s\n", paint(console, reset));
    for (size_t i = 0; i < table->count; i++)
        print_row(console, table->rows[i].name, width, table->rows[i].counts);
    results_totals(results, results->kinds, totals);
    print_row(console, "total", width, totals);
}

/* ---- red lines ---- */

static void print_finding(const struct console *console, const struct results *results,
                          const struct finding *finding, struct arena *scratch)
{
    const struct requirement *row = finding->requirement == NULL
                                        ? NULL
                                        : requirement_find(&results->rows, finding->requirement);
    if (finding->requirement != NULL)
        fprintf(console->to, "  %s%s%s: %s\n", report_text_line(scratch, finding->requirement),
                row == NULL ? "" : " ", row == NULL ? "" : requirement_level_name(row->level),
                row == NULL ? "" : report_text_line(scratch, row->text));
    fprintf(console->to, "    expected  %s\n", report_text_line(scratch, finding->expected));
    fprintf(console->to, "    observed  %s\n", report_text_line(scratch, finding->observed));
    if (finding->file == NULL)
        return;
    fprintf(console->to, "    at        %s:%" PRIu32, report_text_line(scratch, finding->file),
            finding->line);
    if (finding->step != 0)
        fprintf(console->to, ", step %" PRIu32 " (%s)", finding->step,
                report_text_line(scratch, finding->op));
    if (finding->iteration != 0)
        fprintf(console->to, ", repetition %" PRIu64, finding->iteration);
    fputc('\n', console->to);
}

static void print_seen(const struct console *console, const struct case_result *one,
                       struct arena *scratch)
{
    if (one->seen_total == 0)
        return;
    fprintf(console->to, "    seen in   %" PRIu64 " case%s: ", one->seen_total,
            one->seen_total == 1 ? "" : "s");
    for (size_t i = 0; i < one->seen_count && i < 3; i++)
        fprintf(console->to, "%s%s", i == 0 ? "" : ", ",
                report_text_line(scratch, one->seen_in[i]));
    fprintf(console->to, "%s\n", one->seen_total > 3 ? ", ..." : "");
}

static bool is_shown(const struct results *results, const struct finding *finding)
{
    return finding->outcome >= OUTCOME_WARN &&
           results_heed(results, results->kinds, finding->requirement);
}

static void print_red(const struct console *console, const struct results *results,
                      const struct case_result *one, enum verdict verdict)
{
    struct arena scratch = {0};
    fprintf(console->to, "\n%s%s%s %s", paint(console, verdict_color(verdict)),
            verdict_name(verdict), paint(console, reset), report_text_line(&scratch, one->id));
    if (verdict == VERDICT_BROKEN)
        fprintf(console->to, ": %s", report_text_line(&scratch, one->reason));
    fputc('\n', console->to);
    for (size_t i = 0; i < one->finding_count; i++)
        if (is_shown(results, &one->findings[i]))
            print_finding(console, results, &one->findings[i], &scratch);
    print_seen(console, one, &scratch);
    if (one->repro != NULL)
        fprintf(console->to, "    repro     %s\n", report_text_line(&scratch, one->repro));
    arena_free(&scratch);
}

static void print_reds(const struct console *console, const struct results *results)
{
    size_t shown = 0, hidden = 0;
    for (size_t i = 0; i < results->case_count; i++) {
        const struct case_result *one = &results->cases[i];
        enum verdict verdict;
        if (!results_verdict(results, one, results->kinds, &verdict) || !verdict_is_red(verdict) ||
            verdict == VERDICT_BLOCKED)
            continue;
        if (shown == CONSOLE_RED_MAX) {
            hidden++;
            continue;
        }
        print_red(console, results, one, verdict);
        shown++;
    }
    if (hidden > 0)
        fprintf(console->to, "\n... and %zu more in results.json\n", hidden);
}

/* Blocked cases have nothing of their own to say: one line for each thing that blocks. */
static void print_blocked(const struct console *console, const struct results *results)
{
    for (size_t i = 0; i < results->case_count; i++) {
        const struct case_result *one = &results->cases[i];
        size_t count = 0, before = 0;
        if (one->verdict != VERDICT_BLOCKED)
            continue;
        for (size_t k = 0; k < results->case_count; k++) {
            const struct case_result *other = &results->cases[k];
            bool same = other->verdict == VERDICT_BLOCKED &&
                        strcmp(other->blocked_by, one->blocked_by) == 0;
            count += same;
            before += same && k < i;
        }
        if (before > 0)
            continue;
        struct arena scratch = {0};
        fprintf(console->to, "\n%sBLOCKED%s %zu case%s, first %s\n    %s\n", paint(console, red),
                paint(console, reset), count, count == 1 ? "" : "s",
                report_text_line(&scratch, one->id), report_text_line(&scratch, one->reason));
        arena_free(&scratch);
    }
}

static void print_warnings(const struct console *console, const struct results *results)
{
    uint64_t shown = 0, totals[VERDICT_COUNT];
    results_totals(results, results->kinds, totals);
    for (size_t i = 0; i < results->case_count && shown < CONSOLE_WARNINGS_MAX; i++) {
        const struct case_result *one = &results->cases[i];
        enum verdict verdict;
        if (!results_verdict(results, one, results->kinds, &verdict) || verdict != VERDICT_WARN)
            continue;
        struct arena scratch = {0};
        const struct finding *finding = one->findings;
        for (size_t k = 0; k < one->finding_count; k++)
            if (one->findings[k].outcome == OUTCOME_WARN && is_shown(results, &one->findings[k])) {
                finding = &one->findings[k];
                break;
            }
        /* Whose claim it is: the catalogue's or, without a requirement, the profile's. */
        const char *claim = finding->requirement != NULL ? finding->requirement : finding->expected;
        fprintf(console->to, "%s%sWARN%s %s: %s, observed %s\n", shown++ == 0 ? "\n" : "",
                paint(console, yellow), paint(console, reset), report_text_line(&scratch, one->id),
                report_text_line(&scratch, claim), report_text_line(&scratch, finding->observed));
        arena_free(&scratch);
    }
    if (totals[VERDICT_WARN] > shown)
        fprintf(console->to, "... and %" PRIu64 " more warnings in results.json\n",
                totals[VERDICT_WARN] - shown);
}

/* What was only noted down: a dialect, a figure. */
static void print_notes(const struct console *console, const struct results *results)
{
    size_t shown = 0, hidden = 0;
    for (size_t i = 0; i < results->case_count; i++) {
        const struct case_result *one = &results->cases[i];
        for (size_t k = 0; k < one->finding_count; k++) {
            const struct finding *finding = &one->findings[k];
            if (finding->outcome != OUTCOME_INFO ||
                !results_heed(results, results->kinds, finding->requirement))
                continue;
            if (shown == CONSOLE_NOTES_MAX) {
                hidden++;
                continue;
            }
            struct arena scratch = {0};
            const char *requirement = finding->requirement == NULL ? "-" : finding->requirement;
            fprintf(console->to, "%sINFO %s: %s, observed %s; expected: %s\n",
                    shown++ == 0 ? "\n" : "", report_text_line(&scratch, one->id),
                    report_text_line(&scratch, requirement),
                    report_text_line(&scratch, finding->observed),
                    report_text_line(&scratch, finding->expected));
            arena_free(&scratch);
        }
    }
    if (hidden > 0)
        fprintf(console->to, "... and %zu more notes in results.json\n", hidden);
}

struct reason {
    const char *text;
    size_t count;
};

static int more_frequent(const void *a, const void *b)
{
    const struct reason *one = a, *other = b;
    if (one->count != other->count)
        return one->count < other->count ? 1 : -1;
    return strcmp(one->text, other->text);
}

static void count_reason(struct reason *reasons, size_t *count, const char *text)
{
    size_t i = 0;
    while (i < *count && strcmp(reasons[i].text, text) != 0)
        i++;
    if (i == *count)
        reasons[(*count)++] = (struct reason){text, 0};
    reasons[i].count++;
}

/* What a driver lacks reads differently from what nobody gave the run: the reasons, with how many
 * cases each. */
static void print_skips(const struct console *console, const struct results *results,
                        struct arena *scratch)
{
    struct reason *reasons = arena_array(scratch, struct reason, results->case_count);
    size_t count = 0, hidden = 0;
    enum verdict verdict;
    for (size_t i = 0; i < results->case_count; i++) {
        const struct case_result *one = &results->cases[i];
        if (results_verdict(results, one, results->kinds, &verdict) && verdict == VERDICT_SKIP)
            count_reason(reasons, &count, one->reason == NULL ? "no reason" : one->reason);
    }
    qsort(reasons, count, sizeof *reasons, more_frequent);
    for (size_t i = 0; i < count; i++)
        if (i < CONSOLE_REASONS_MAX)
            fprintf(console->to, "%s%9zu  %s\n", i == 0 ? "\nSKIP\n" : "", reasons[i].count,
                    report_text_line(scratch, reasons[i].text));
        else
            hidden += reasons[i].count;
    if (hidden > 0)
        fprintf(console->to, "%9zu  for %zu other reason%s, told in results.json\n", hidden,
                count - CONSOLE_REASONS_MAX, count - CONSOLE_REASONS_MAX == 1 ? "" : "s");
}

static void print_totals_by(const struct console *console, const struct results *results,
                            enum kinds kinds)
{
    uint64_t totals[VERDICT_COUNT];
    const char *comma = "";
    results_totals(results, kinds, totals);
    for (enum verdict v = 0; v < VERDICT_COUNT; v++) {
        if (totals[v] == 0)
            continue;
        fprintf(console->to, "%s%" PRIu64 " %s", comma, totals[v], verdict_key(v));
        comma = ", ";
    }
    fprintf(console->to, "%s", comma[0] == '\0' ? "no cases" : "");
}

/* Twice: what the suite thinks, and what of it a document says. */
static void print_totals(const struct console *console, const struct results *results)
{
    fprintf(console->to, "\nby the whole suite: ");
    print_totals_by(console, results, KINDS_SUITE);
    fprintf(console->to, "; %" PRIu64 " of %" PRIu64 " requirements judged\nby the documents:   ",
            results->coverage.judged, results->coverage.rows);
    print_totals_by(console, results, KINDS_DOCUMENTS);
    fputc('\n', console->to);
    if (results->complete)
        return;
    fprintf(console->to, "%sThe run was cut short", paint(console, red));
    if (results->not_run > 0) /* none: it came to its last case, or not to its plan */
        fprintf(console->to, "; cases not run: %" PRIu64, results->not_run);
    fprintf(console->to, "%s\n", paint(console, reset));
}

bool console_results(struct console *console, const struct results *results)
{
    struct arena scratch = {0};
    if (console->line_is_open)
        fprintf(console->to, "\r\x1b[K");
    console->line_is_open = false;
    print_table(console, results, &scratch);
    print_skips(console, results, &scratch);
    print_notes(console, results);
    print_warnings(console, results);
    print_blocked(console, results);
    print_reds(console, results);
    print_totals(console, results);
    arena_free(&scratch);
    return fflush(console->to) == 0 && !ferror(console->to);
}
