/* SPDX-License-Identifier: Apache-2.0 */
/* Finding and reading suite files and requirements into one scenario. */
#ifndef MDCTS_CASE_FILES_H
#define MDCTS_CASE_FILES_H

#include "scenario.h"

#define CASE_FILES_MAX       4096
#define CASE_FILES_DEPTH_MAX 8

struct path_list {
    const char **paths;
    size_t count, capacity;
};

/* Adds path itself, or every *.yaml below it, in the order of names, if it is a folder.
 * requirements.yaml, which is no suite, is left out of folders. */
bool case_files_find(struct diags *diags, struct arena *keep, const char *path,
                     struct path_list *out);

/* Whether an earlier path of the list is the same file, under any name. */
bool case_files_is_repeated(const struct path_list *list, size_t place);

/* Reads a file of rows {Rnnn: ...}. */
bool case_files_add_requirements(struct diags *diags, struct arena *keep, const char *path,
                                 struct scenario *scenario);

/* Reads one suite file. */
bool case_files_add_suite(struct diags *diags, struct arena *keep, const char *path,
                          struct scenario *scenario);

/* Everything that a command needs: dir/requirements.yaml, then either all suites below dir, or,
 * with only_paths, just dir/fixtures.yaml; then the paths (files or folders; each file is read
 * once), and at last scenario_check(). */
bool case_files_load(struct diags *diags, struct arena *keep, const char *dir,
                     const char *const *paths, size_t path_count, bool only_paths,
                     struct scenario *scenario);

#endif
