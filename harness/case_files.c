/* SPDX-License-Identifier: Apache-2.0 */
#include "case_files.h"

#include "yaml_tree.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct finder {
    struct diags *diags;
    struct arena *keep;
    struct path_list *out;
    unsigned depth;
};

static bool ends_with(const char *text, const char *tail)
{
    size_t len = strlen(text), tail_len = strlen(tail);
    return len > tail_len && strcmp(text + len - tail_len, tail) == 0;
}

static bool add_path(struct finder *f, const char *path)
{
    struct path_list *list = f->out;
    if (list->count >= CASE_FILES_MAX)
        return diag_error(f->diags, (struct source_pos){path, 0, 0},
                          "more than %d files (CASE_FILES_MAX)", CASE_FILES_MAX);
    list->paths =
        arena_grow(f->keep, list->paths, list->count, &list->capacity, sizeof *list->paths);
    list->paths[list->count++] = path;
    return true;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name); /* alphasort() would follow the locale */
}

static bool find(struct finder *f, const char *path, bool named);

static bool find_below(struct finder *f, const char *dir)
{
    struct dirent **entries = NULL;
    bool ok = true;
    if (f->depth >= CASE_FILES_DEPTH_MAX)
        return diag_error(f->diags, (struct source_pos){dir, 0, 0},
                          "folders nested deeper than %d (CASE_FILES_DEPTH_MAX)",
                          CASE_FILES_DEPTH_MAX);
    int count = scandir(dir, &entries, NULL, by_name);
    if (count < 0)
        return diag_error(f->diags, (struct source_pos){dir, 0, 0}, "the folder can't be read: %s",
                          strerror(errno));
    f->depth++;
    for (int i = 0; i < count; i++) {
        if (entries[i]->d_name[0] != '.')
            ok = find(f, arena_printf(f->keep, "%s/%s", dir, entries[i]->d_name), false) && ok;
        free(entries[i]);
    }
    f->depth--;
    free(entries);
    return ok;
}

/* named: by the user, so it must be there and may have any name. */
static bool find(struct finder *f, const char *path, bool named)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return diag_error(f->diags, (struct source_pos){path, 0, 0}, "the file can't be opened: %s",
                          strerror(errno));
    if (S_ISDIR(st.st_mode))
        return find_below(f, path);
    bool suite = ends_with(path, ".yaml") && !ends_with(path, "/requirements.yaml");
    return named || suite ? add_path(f, path) : true;
}

bool case_files_find(struct diags *diags, struct arena *keep, const char *path,
                     struct path_list *out)
{
    struct finder f = {diags, keep, out, 0};
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    return find(&f, arena_strndup(keep, path, len), true);
}

bool case_files_add_requirements(struct diags *diags, struct arena *keep, const char *path,
                                 struct scenario *scenario)
{
    const struct node *doc = yaml_tree_read_file(diags, keep, path);
    return doc != NULL && requirements_add(diags, keep, doc, &scenario->requirements);
}

bool case_files_add_suite(struct diags *diags, struct arena *keep, const char *path,
                          struct scenario *scenario)
{
    const struct node *doc = yaml_tree_read_file(diags, keep, path);
    return doc != NULL && scenario_add_suite(diags, keep, doc, path, scenario);
}

bool case_files_is_repeated(const struct path_list *list, size_t place)
{
    struct stat mine, other;
    if (stat(list->paths[place], &mine) != 0)
        return false;
    for (size_t i = 0; i < place; i++)
        if (stat(list->paths[i], &other) == 0 && other.st_dev == mine.st_dev &&
            other.st_ino == mine.st_ino)
            return true;
    return false;
}

bool case_files_load(struct diags *diags, struct arena *keep, const char *dir,
                     const char *const *paths, size_t path_count, bool only_paths,
                     struct scenario *scenario)
{
    struct path_list list = {0};
    bool ok = case_files_add_requirements(
        diags, keep, arena_printf(keep, "%s/requirements.yaml", dir), scenario);
    const char *fixtures = arena_printf(keep, "%s/fixtures.yaml", dir);
    if (!only_paths)
        ok = case_files_find(diags, keep, dir, &list) && ok;
    else if (access(fixtures, F_OK) == 0)
        ok = case_files_find(diags, keep, fixtures, &list) && ok;
    for (size_t i = 0; i < path_count; i++)
        ok = case_files_find(diags, keep, paths[i], &list) && ok;
    for (size_t i = 0; i < list.count; i++)
        if (!case_files_is_repeated(&list, i))
            ok = case_files_add_suite(diags, keep, list.paths[i], scenario) && ok;
    return scenario_check(diags, keep, scenario) && ok;
}
