/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd_explain.h"

#include "case_expand.h"
#include "case_files.h"
#include "coverage.h"
#include "json_tree.h"
#include "judge_invariant.h"
#include "mutant_row.h"
#include "options.h"
#include "paths.h"
#include "scenario_argument.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct explain {
    struct diags diags;
    struct arena keep;
    struct scenario scenario;
    struct mutant_rows mutants; /* none where their table is not here */
};

static void print_line(const char *name, const char *text)
{
    if (text != NULL)
        printf("  %-12s %s\n", name, text);
}

/* ---- requirements ---- */

static void print_codes(const char *name, struct code_list list)
{
    if (list.count == 0)
        return;
    printf("  %-12s", name);
    for (size_t i = 0; i < list.count; i++)
        printf("%s %s", i == 0 ? "" : ",", list.items[i].name);
    putchar('\n');
}

static void print_covering_cases(const struct explain *x, const char *id)
{
    size_t count = 0;
    for (size_t i = 0; i < x->scenario.suite_count; i++) {
        const struct suite *suite = x->scenario.suites[i];
        for (size_t j = 0; j < suite->case_count; j++) {
            const struct scenario_case *c = &suite->cases[j];
            if (!coverage_has(c, id))
                continue;
            printf("  %-12s %s: %s\n", count++ == 0 ? "cases" : "", c->id, c->about);
        }
    }
    if (watch_knows(id))
        print_line(count == 0 ? "cases" : "", "watched in every case");
    else if (count == 0)
        print_line("cases", "none");
}

/* Defects of the suite's own driver that show in the requirement: what it is that fails. */
static void print_mutants(const struct explain *x, const char *id)
{
    size_t count = 0;
    for (size_t i = 0; i < x->mutants.count; i++) {
        const struct mutant_row *row = &x->mutants.items[i];
        if (mutant_row_named(row, id) != NULL)
            printf("  %-12s %s\n", count++ == 0 ? "found" : "", row->sentence);
    }
}

static void explain_requirement(const struct explain *x, const struct requirement *row)
{
    static const char *const others[] = {
        [LEVEL_MUST] = "FAIL",
        [LEVEL_SHOULD] = "WARN",
        [LEVEL_MAY] = "INFO",
    };
    printf("%s (%s): %s\n\n", row->id, requirement_level_name(row->level), row->text);
    print_line("section", row->section);
    print_line("kind", requirement_kind_name(row->kind));
    print_line("source", row->source);
    print_line("observe", row->observe);
    print_codes("PASS", row->accept);
    print_codes("WARN", row->warn);
    print_codes("FAIL", row->fail);
    if (requirement_has_codes(row))
        printf("  %-12s %s%s\n", "other codes", others[row->level],
               row->kind == KIND_INF && row->level == LEVEL_MUST ? "; another SCARD_* refusal: WARN"
                                                                 : "");
    print_line("untestable", row->untestable);
    print_covering_cases(x, row->id);
    print_mutants(x, row->id);
}

/* ---- cases ---- */

static void print_step(struct explain *x, const struct node *node, size_t number, bool fixture)
{
    for (const struct node *entry = node->first; entry != NULL; entry = entry->next) {
        const struct op_row *op = op_find(entry->key);
        if (op == NULL)
            continue;
        printf("  %2zu. %s%s%s%s%s\n", number, fixture ? "(fixture) " : "", op->words,
               op->entry != NULL ? " [" : "", op->entry != NULL ? op->entry : "",
               op->entry != NULL ? "]" : "");
        if (entry->count > 0)
            printf("      %s: %s\n", entry->key, json_tree_text(&x->keep, entry));
    }
    for (const struct node *entry = node->first; entry != NULL; entry = entry->next)
        if (op_find(entry->key) == NULL)
            printf("      %s: %s\n", entry->key, json_tree_text(&x->keep, entry));
}

static void print_steps(struct explain *x, const struct scenario_case *c,
                        const struct matrix *matrix, size_t combination)
{
    struct expanded_case expanded;
    bool ok = case_expand(&x->diags, &x->keep, c, matrix, combination, &expanded);
    assert(ok); /* scenario_check() has expanded it */
    for (size_t i = 0; i < 2; i++)
        if (expanded.requires[i] != NULL)
            print_line("requires", json_tree_text(&x->keep, expanded.requires[i]));
    putchar('\n');
    for (size_t i = 0; i < expanded.step_count; i++)
        print_step(x, expanded.nodes[i], i + 1, i < expanded.fixture_steps);
}

/* id: the concrete one, or the case's own for its first combination. */
static bool explain_case(struct explain *x, const struct scenario_case *c, const char *id)
{
    struct matrix matrix;
    size_t combination = 0;
    matrix_read(&x->diags, &x->keep, c->matrix, &matrix);
    while (combination < matrix.combinations && strcmp(id, c->id) != 0 &&
           strcmp(id, matrix_id(&x->keep, &matrix, c->id, combination)) != 0)
        combination++;
    if (combination == matrix.combinations)
        return false;
    const struct requirement *row = requirement_find(&x->scenario.requirements, c->requirement);
    printf("%s: %s\n\n", matrix_id(&x->keep, &matrix, c->id, combination), c->about);
    printf("  %-12s %s (%s): %s\n", "requirement", row->id, requirement_level_name(row->level),
           row->text);
    printf("  %-12s %s:%u\n", "written in", c->suite->file, c->at.line);
    if (matrix.combinations > 1)
        printf("  %-12s %zu cases%s\n", "matrix", matrix.combinations,
               strcmp(id, c->id) == 0 ? "; this is the first" : "");
    for (unsigned one = 1; one <= ALLOW_ALL; one <<= 1)
        if ((c->allow & one) != 0)
            print_line("needs", arena_printf(&x->keep, "--allow %s", case_allow_name(one)));
    print_steps(x, c, &matrix, combination);
    return true;
}

static bool explain_named_case(struct explain *x, const char *id)
{
    size_t base = strcspn(id, "[");
    const struct scenario_case *c =
        scenario_find_case(&x->scenario, arena_strndup(&x->keep, id, base));
    return c != NULL && explain_case(x, c, id);
}

/* ---- the command ---- */

static bool explain_unknown(struct explain *x, const char *word)
{
    const char *names[2048];
    size_t count = 0;
    for (size_t i = 0; i < x->scenario.suite_count; i++)
        for (size_t j = 0; j < x->scenario.suites[i]->case_count; j++)
            if (count < sizeof names / sizeof names[0])
                names[count++] = x->scenario.suites[i]->cases[j].id;
    const char *near = nearest_name(word, names, count);
    return diag_error(&x->diags, (struct source_pos){NULL, 0, 0},
                      "'%s' is neither a requirement nor a case%s", word,
                      near == NULL ? "" : arena_printf(&x->keep, "; did you mean '%s'?", near));
}

static bool explain_word(struct explain *x, const char *word)
{
    const struct requirement *row = requirement_find(&x->scenario.requirements, word);
    if (row != NULL)
        explain_requirement(x, row);
    return row != NULL || explain_named_case(x, word) || explain_unknown(x, word);
}

static bool explain_words(struct explain *x, const char *dir, const struct option_list *more,
                          char **words, size_t count)
{
    const char **files = arena_array(&x->keep, const char *, count);
    size_t file_count = 0, named = 0;
    bool ok = true;
    for (size_t i = 0; i < count; i++)
        if (access(words[i], F_OK) == 0)
            files[file_count++] = words[i];
        else
            words[named++] = words[i];
    for (size_t i = 0; i < more->count; i++)
        ok = case_files_add_requirements(&x->diags, &x->keep, more->items[i], &x->scenario) && ok;
    ok = case_files_load(&x->diags, &x->keep, dir, files, file_count, false, &x->scenario) && ok;
    for (size_t i = 0; ok && i < named; i++) {
        if (i > 0)
            putchar('\n');
        ok = explain_word(x, words[i]);
    }
    return ok;
}

int cmd_explain(int argc, char **argv)
{
    static struct explain x;
    struct option_list requirements = {0};
    const char *dir = NULL;
    const struct option_row rows[] = {
        {"cases", 0, OPTION_TEXT, "DIR",
         "the folder of cases (default: MDCTS_CASES, or the suite's)", &dir},
        {"requirements", 0, OPTION_LIST, "FILE", "rows of your own, besides requirements.yaml",
         &requirements},
    };
    const struct command_line command = {
        "explain",
        "[FILE ...] REQUIREMENT | CASE-ID ...",
        "Says what a requirement wants, which return codes pass, which cases check it and which\n"
        "defects they were seen to find; or what a case does, "
        "step by step.  A FILE is one of your own that has them.",
        NULL,
        rows,
        sizeof rows / sizeof rows[0]};
    size_t count = 0;
    int code = options_read(&command, argc, argv, &count);
    if (code < 0 && count == 0)
        return options_complain(&command, "a requirement or a case id is needed, such as R105");
    x.mutants.keep = &x.keep;
    if (code < 0)
        mutant_rows_find(&x.mutants);
    if (code < 0)
        code = explain_words(&x, dir != NULL ? dir : cases_dir(), &requirements, argv, count)
                   ? EXIT_SUCCESS
                   : EXIT_USAGE;
    if (code == EXIT_USAGE)
        diags_print(&x.diags, stderr);
    arena_free(&x.keep);
    diags_free(&x.diags);
    return code;
}
