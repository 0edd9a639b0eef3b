/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd_list.h"

#include "case_files.h"
#include "coverage.h"
#include "judge_invariant.h"
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
    const char *dir, *level;
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
    printf("%-44s %6zu  %-6s %-7s %s\n", c->id, count, c->requirement,
           requirement_level_name(row_of(l, c)->level), c->about);
}

static void print_cases(const struct list *l)
{
    size_t bases = 0;
    printf("%-44s %6s  %-6s %-7s %s\n", "CASE", "COUNT", "REQ", "LEVEL", "ABOUT");
    for (size_t n = 0; n < l->plan.count; bases++) {
        size_t count = count_same(&l->plan, n);
        print_case(l, l->plan.cases[n].base, count);
        n += count;
    }
    printf("\n%zu case%s, %zu after the matrix\n", bases, bases == 1 ? "" : "s", l->plan.count);
}

static void print_expanded(const struct list *l)
{
    for (size_t n = 0; n < l->plan.count; n++)
        puts(l->plan.cases[n].id);
}

/* ---- coverage ---- */

struct tally {
    size_t rows, by_case, by_watch, untestable, open;
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

static void print_tally(const char *what, const struct tally *t)
{
    printf("%-7s %4zu of %zu covered: %zu by cases, %zu watched in every case; %zu untestable, %zu "
           "without a case\n",
           what, t->by_case + t->by_watch, t->rows, t->by_case, t->by_watch, t->untestable,
           t->open);
}

static void print_coverage(struct list *l)
{
    struct tally levels[3] = {{0}}, all = {0};
    for (size_t i = 0; i < l->scenario.requirements.count; i++) {
        const struct requirement *row = &l->scenario.requirements.items[i];
        struct tally *tally = &levels[row->level];
        tally->rows++;
        const char *words = coverage_words(l, row, tally);
        printf("%-6s %-7s %-28s %s\n", row->id, requirement_level_name(row->level), words,
               row->text);
    }
    putchar('\n');
    for (size_t i = 0; i < 3; i++) {
        const struct tally *t = &levels[i];
        print_tally(requirement_level_name((enum requirement_level)i), t);
        all =
            (struct tally){all.rows + t->rows, all.by_case + t->by_case, all.by_watch + t->by_watch,
                           all.untestable + t->untestable, all.open + t->open};
    }
    print_tally("all", &all);
}

/* ---- the command ---- */

/* Words that are files outside the suite's own folder are read besides it. */
static bool load(struct list *l, char **words, size_t count)
{
    const char **files = arena_array(&l->keep, const char *, count);
    size_t file_count = 0;
    bool ok = true;
    for (size_t i = 0; i < count; i++)
        if (strchr(words[i], '.') != NULL && access(words[i], R_OK) == 0)
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
    return l->plan.count == 0 && !l->coverage ? EXIT_NOTHING : EXIT_SUCCESS;
}

int cmd_list(int argc, char **argv)
{
    struct list l = {0};
    const struct option_row rows[] = {
        {"coverage", 0, OPTION_FLAG, NULL, "every requirement and what covers it", &l.coverage},
        {"expanded", 0, OPTION_FLAG, NULL, "the id of every case after the matrix", &l.expanded},
        {"level", 0, OPTION_TEXT, "LEVEL", "must, should or may: that level and stricter ones",
         &l.level},
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
