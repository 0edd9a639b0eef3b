/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd_list.h"

#include "case_files.h"
#include "coverage.h"
#include "judge_invariant.h"
#include "mutant_row.h"
#include "options.h"
#include "paths.h"
#include "plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct list {
    struct diags diags;
    struct arena keep;
    struct scenario scenario;
    struct plan plan;
    bool coverage, expanded;
    const char *dir, *level, *kinds_name;
    enum kinds kinds;
    struct option_list requirements;
};

/* ---- cases ---- */

static const struct requirement *row_of(const struct list *l, const struct scenario_case *c)
{
    return requirement_find(&l->scenario.requirements, c->requirement);
}

/* The planned cases of one case stand together. */
static size_t count_same(const struct plan *plan, size_t first)
{
    size_t n = first;
    while (n < plan->count && plan->cases[n].base == plan->cases[first].base)
        n++;
    return n - first;
}

static void print_case(const struct list *l, const struct scenario_case *c, size_t count)
{
    const struct requirement *row = row_of(l, c);
    printf("%-44s %6zu  %-6s %-7s %-4s %s\n", c->id, count, c->requirement,
           requirement_level_name(row->level), requirement_kind_name(row->kind), c->about);
}

/* Cases, before and after the matrix. */
struct case_count {
    size_t bases, cases;
};

static void print_count(const char *by, struct case_count count)
{
    printf("%s%zu case%s, %zu after the matrix\n", by, count.bases, count.bases == 1 ? "" : "s",
           count.cases);
}

static void print_cases(const struct list *l)
{
    struct case_count by[] = {[KINDS_SUITE] = {0}, [KINDS_DOCUMENTS] = {0}};
    printf("%-44s %6s  %-6s %-7s %-4s %s\n", "CASE", "COUNT", "REQ", "LEVEL", "KIND", "ABOUT");
    for (size_t n = 0; n < l->plan.count;) {
        const struct scenario_case *c = l->plan.cases[n].base;
        size_t count = count_same(&l->plan, n);
        for (enum kinds k = KINDS_SUITE; k <= KINDS_DOCUMENTS; k++)
            if (kinds_include(k, row_of(l, c)->kind))
                by[k] = (struct case_count){by[k].bases + 1, by[k].cases + count};
        if (kinds_include(l->kinds, row_of(l, c)->kind))
            print_case(l, c, count);
        n += count;
    }
    print_count("\nby the whole suite: ", by[KINDS_SUITE]);
    print_count("by the documents:   ", by[KINDS_DOCUMENTS]);
}

static void print_expanded(const struct list *l)
{
    for (size_t n = 0; n < l->plan.count; n++)
        if (kinds_include(l->kinds, row_of(l, l->plan.cases[n].base)->kind))
            puts(l->plan.cases[n].id);
}

static bool is_empty(const struct list *l)
{
    for (size_t n = 0; n < l->plan.count; n++)
        if (kinds_include(l->kinds, row_of(l, l->plan.cases[n].base)->kind))
            return false;
    return true;
}

/* ---- coverage ---- */

struct tally {
    size_t rows, by_case, by_watch, untestable, open, unguarded;
};

static const char *coverage_words(struct list *l, const struct requirement *row,
                                  struct tally *tally)
{
    size_t count = coverage_count(&l->scenario, row->id);
    if (count > 0) {
        tally->by_case++;
        return arena_printf(&l->keep, "%zu case%s", count, count == 1 ? "" : "s");
    }
    if (watch_knows(row->id)) {
        tally->by_watch++;
        return "watched in every case";
    }
    if (row->untestable != NULL) {
        tally->untestable++;
        return arena_printf(&l->keep, "untestable: %s", row->untestable);
    }
    tally->open++;
    return "no case";
}

/* Mutants show that what covers a requirement can fail; NULL: their table is not here. */
static const char *guard_words(struct list *l, const struct mutant_rows *mutants,
                               const struct requirement *row, struct tally *tally)
{
    size_t count = mutants == NULL ? 0 : mutant_rows_count(mutants, row->id);
    if (tally->by_case + tally->by_watch == 0)
        return "";
    tally->unguarded += count == 0;
    return count > 0 ? arena_printf(&l->keep, "%zu mutant%s", count, count == 1 ? "" : "s") : "-";
}

static void print_tally(const char *what, const struct tally *t, bool mutants)
{
    printf(
        "%-16s %4zu of %zu covered: %zu by cases, %zu watched in every case; %zu untestable, %zu "
        "without a case",
        what, t->by_case + t->by_watch, t->rows, t->by_case, t->by_watch, t->untestable, t->open);
    if (mutants)
        printf("; %zu covered without a mutant", t->unguarded);
    putchar('\n');
}

static void add_tally(struct tally *to, const struct tally *t)
{
    *to = (struct tally){to->rows + t->rows,         to->by_case + t->by_case,
                         to->by_watch + t->by_watch, to->untestable + t->untestable,
                         to->open + t->open,         to->unguarded + t->unguarded};
}

/* NULL if the table is not here. */
static const struct mutant_rows *find_mutants(struct list *l)
{
    struct mutant_rows *rows = arena_new(&l->keep, struct mutant_rows);
    rows->keep = &l->keep;
    return mutant_rows_find(rows) ? rows : NULL;
}

static void print_coverage(struct list *l)
{
    struct tally levels[3] = {{0}}, documents = {0}, all = {0};
    const struct mutant_rows *mutants = find_mutants(l);
    for (size_t i = 0; i < l->scenario.requirements.count; i++) {
        const struct requirement *row = &l->scenario.requirements.items[i];
        struct tally tally = {.rows = 1};
        const char *words = coverage_words(l, row, &tally);
        const char *guard = guard_words(l, mutants, row, &tally);
        add_tally(&all, &tally);
        if (kinds_include(KINDS_DOCUMENTS, row->kind))
            add_tally(&documents, &tally);
        if (!kinds_include(l->kinds, row->kind))
            continue;
        add_tally(&levels[row->level], &tally);
        printf("%-6s %-7s %-4s %-22s %-10s %s\n", row->id, requirement_level_name(row->level),
               requirement_kind_name(row->kind), words, guard, row->text);
    }
    putchar('\n');
    for (size_t i = 0; i < 3; i++)
        print_tally(requirement_level_name((enum requirement_level)i), &levels[i], mutants != NULL);
    print_tally("the whole suite", &all, mutants != NULL);
    print_tally("the documents", &documents, mutants != NULL);
    if (mutants == NULL)
        puts("\nThe table of mutants (fixtures/reference/defects.def, beside the cases) is not "
             "here.");
}

/* ---- the command ---- */

/* Words that are files outside the suite's own folder are read besides it. */
static bool load(struct list *l, char **words, size_t count)
{
    const char **files = arena_array(&l->keep, const char *, count);
    size_t file_count = 0;
    bool ok = true;
    for (size_t i = 0; i < count; i++)
        if (access(words[i], F_OK) == 0)
            files[file_count++] = words[i];
    for (size_t i = 0; i < l->requirements.count; i++)
        ok = case_files_add_requirements(&l->diags, &l->keep, l->requirements.items[i],
                                         &l->scenario) &&
             ok;
    return case_files_load(&l->diags, &l->keep, l->dir != NULL ? l->dir : cases_dir(), files,
                           file_count, false, &l->scenario) &&
           ok;
}

static bool make_plan(struct list *l, char **words, size_t count)
{
    const char **selectors = arena_array(&l->keep, const char *, count);
    struct plan_options options = {.selectors = selectors,
                                   .selector_count = count,
                                   .has_level = l->level != NULL,
                                   .allow = ALLOW_ALL};
    for (size_t i = 0; i < count; i++)
        selectors[i] = words[i];
    if (l->level != NULL && !requirement_level_from_name(l->level, &options.level))
        return diag_error(&l->diags, (struct source_pos){NULL, 0, 0},
                          "--level must be must, should or may, not '%s'", l->level);
    if (!kinds_from_name(l->kinds_name, &l->kinds))
        return diag_error(&l->diags, (struct source_pos){NULL, 0, 0},
                          "--kinds is suite or documents, not '%s'", l->kinds_name);
    return plan_make(&l->diags, &l->keep, &l->scenario, &options, &l->plan);
}

static int run(struct list *l, char **words, size_t count)
{
    if (!load(l, words, count) || !make_plan(l, words, count)) {
        diags_print(&l->diags, stderr);
        return l->plan.unselected ? EXIT_NOTHING : EXIT_USAGE;
    }
    if (l->coverage)
        print_coverage(l);
    else if (l->expanded)
        print_expanded(l);
    else
        print_cases(l);
    return is_empty(l) && !l->coverage ? EXIT_NOTHING : EXIT_SUCCESS;
}

int cmd_list(int argc, char **argv)
{
    struct list l = {0};
    const struct option_row rows[] = {
        {"coverage", 0, OPTION_FLAG, NULL,
         "every requirement: cases and mutants, or why there are none", &l.coverage},
        {"expanded", 0, OPTION_FLAG, NULL, "the id of every case after the matrix", &l.expanded},
        {"level", 0, OPTION_TEXT, "LEVEL", "must, should or may: that level and stricter ones",
         &l.level},
        {"kinds", 0, OPTION_TEXT, "KINDS", KINDS_HELP, &l.kinds_name},
        {"cases", 0, OPTION_TEXT, "DIR",
         "the folder of cases (default: MDCTS_CASES, or the suite's)", &l.dir},
        {"requirements", 0, OPTION_LIST, "FILE", "rows of your own, besides requirements.yaml",
         &l.requirements},
    };
    const struct command_line command = {
        "list",
        "[FILE | ID-GLOB | REQUIREMENT ...]",
        "Lists the cases that a run with the same words would take, without touching a card.",
        NULL,
        rows,
        sizeof rows / sizeof rows[0]};
    size_t count = 0;
    int code = options_read(&command, argc, argv, &count);
    if (code < 0)
        code = run(&l, argv, count);
    arena_free(&l.keep);
    diags_free(&l.diags);
    return code;
}
