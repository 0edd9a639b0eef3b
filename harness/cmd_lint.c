/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd_lint.h"

#include "case_files.h"
#include "matrix.h"
#include "options.h"
#include "paths.h"
#include "profile.h"
#include "yaml_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct lint {
    struct diags diags;
    struct arena keep;
    struct scenario scenario;
    size_t files, profiles;
};

static bool is_profile(const struct node *doc)
{
    return node_get(doc, "driver") != NULL || node_get(doc, "pins") != NULL ||
           node_get(doc, "waivers") != NULL || node_get(doc, "capabilities") != NULL;
}

/* A catalogue: {Rnnn: {level: ...}}. */
static bool is_catalogue(const struct node *doc)
{
    return doc->kind == NODE_MAP && doc->first != NULL &&
           requirement_id_is_valid(doc->first->key) && node_get(doc->first, "level") != NULL;
}

static void lint_file(struct lint *l, const char *path)
{
    struct profile profile;
    struct requirements catalogue = {0};
    const struct node *doc = yaml_tree_read_file(&l->diags, &l->keep, path);
    l->files++;
    if (doc == NULL)
        return;
    if (is_profile(doc)) {
        l->profiles++;
        profile_read(&l->diags, &l->keep, doc, path, &profile);
    } else if (is_catalogue(doc)) {
        requirements_add(&l->diags, &l->keep, doc, &catalogue);
    } else {
        scenario_add_suite(&l->diags, &l->keep, doc, path, &l->scenario);
    }
}

static void lint_paths(struct lint *l, const char *dir, char **paths, size_t count)
{
    struct path_list list = {0};
    const char *fixtures = arena_printf(&l->keep, "%s/fixtures.yaml", dir);
    case_files_add_requirements(&l->diags, &l->keep,
                                arena_printf(&l->keep, "%s/requirements.yaml", dir), &l->scenario);
    if (count == 0)
        case_files_find(&l->diags, &l->keep, dir, &list);
    else if (access(fixtures, F_OK) == 0)
        case_files_find(&l->diags, &l->keep, fixtures, &list);
    size_t unasked = count == 0 ? 0 : list.count; /* read, but not what the user asked about */
    for (size_t i = 0; i < count; i++)
        case_files_find(&l->diags, &l->keep, paths[i], &list);
    for (size_t i = 0; i < list.count; i++)
        if (!case_files_is_repeated(&list, i))
            lint_file(l, list.paths[i]);
    l->files -= l->files < unasked ? 0 : unasked;
    scenario_check(&l->diags, &l->keep, &l->scenario);
}

static size_t count_concrete(struct lint *l, size_t *cases)
{
    size_t concrete = 0;
    for (size_t i = 0; i < l->scenario.suite_count; i++) {
        const struct suite *suite = l->scenario.suites[i];
        for (size_t j = 0; j < suite->case_count; j++) {
            struct matrix matrix;
            matrix_read(&l->diags, &l->keep, suite->cases[j].matrix, &matrix);
            concrete += matrix.combinations;
        }
        *cases += suite->case_count;
    }
    return concrete;
}

static int report(struct lint *l)
{
    size_t cases = 0;
    if (l->diags.count > 0) {
        diags_print(&l->diags, stderr);
        return EXIT_USAGE;
    }
    size_t concrete = count_concrete(l, &cases);
    printf("%zu file%s, %zu case%s (%zu after the matrix)", l->files, l->files == 1 ? "" : "s",
           cases, cases == 1 ? "" : "s", concrete);
    if (l->profiles > 0)
        printf(", %zu profile%s", l->profiles, l->profiles == 1 ? "" : "s");
    puts(": nothing wrong");
    return EXIT_SUCCESS;
}

int cmd_lint(int argc, char **argv)
{
    struct lint l = {0};
    struct option_list requirements = {0};
    const char *dir = NULL;
    const struct option_row rows[] = {
        {"cases", 0, OPTION_TEXT, "DIR",
         "where requirements.yaml and fixtures.yaml are (default: MDCTS_CASES, or the suite's own)",
         &dir},
        {"requirements", 0, OPTION_LIST, "FILE", "rows of your own, besides requirements.yaml",
         &requirements},
    };
    const struct command_line command = {"lint",
                                         "[FILE or FOLDER ...]",
                                         "Checks suite files and driver profiles without running "
                                         "anything.  Without a file, the suite's\n"
                                         "own cases are checked.  Mistakes are printed as "
                                         "FILE:LINE:COLUMN: error: SENTENCE, at most 20.",
                                         "Exit code: 0 if nothing is wrong, 2 if something is.",
                                         rows,
                                         sizeof rows / sizeof rows[0]};
    size_t count = 0;
    int code = options_read(&command, argc, argv, &count);
    if (code >= 0)
        return code;
    for (size_t i = 0; i < requirements.count; i++)
        case_files_add_requirements(&l.diags, &l.keep, requirements.items[i], &l.scenario);
    lint_paths(&l, dir != NULL ? dir : cases_dir(), argv, count);
    code = report(&l);
    arena_free(&l.keep);
    diags_free(&l.diags);
    return code;
}
