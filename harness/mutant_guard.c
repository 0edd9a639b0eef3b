/* SPDX-License-Identifier: Apache-2.0 */
#include "mutant_guard.h"

#include "case_files.h"
#include "coverage.h"
#include "judge_invariant.h"
#include "paths.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define REASONS_MAX      64
#define REASON_BYTES_MAX 1024

struct reason {
    const char *requirement, *text;
    bool used;
};

struct reasons {
    struct reason items[REASONS_MAX];
    size_t count;
};

static void read_reasons(struct arena *keep, const char *path, struct reasons *out)
{
    char line[REASON_BYTES_MAX], requirement[8], text[REASON_BYTES_MAX];
    FILE *file = fopen(path, "r");
    if (file == NULL)
        mutant_die(strerror(errno), path);
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "UNGUARDED_ROW(", 14) != 0)
            continue;
        if (sscanf(line, "UNGUARDED_ROW(%7[R0-9], \"%1023[^\"]\")", requirement, text) != 2)
            mutant_die("a row is not UNGUARDED_ROW(Rnnn, \"reason\")", line);
        if (out->count == REASONS_MAX)
            mutant_die("more rows than REASONS_MAX", path);
        out->items[out->count++] = (struct reason){.requirement = arena_strdup(keep, requirement),
                                                   .text = arena_strdup(keep, text)};
    }
    fclose(file);
}

static bool is_guarded(const struct mutant_rows *rows, const char *requirement)
{
    for (size_t i = 0; i < rows->count; i++)
        if (mutant_row_named(&rows->items[i], requirement) != NULL)
            return true;
    return false;
}

static struct reason *find_reason(struct reasons *reasons, const char *requirement)
{
    for (size_t i = 0; i < reasons->count; i++)
        if (strcmp(reasons->items[i].requirement, requirement) == 0)
            return &reasons->items[i];
    return NULL;
}

static bool check_requirement(const struct mutant_rows *rows, const struct scenario *scenario,
                              const struct requirement *row, struct reasons *reasons)
{
    bool covered = coverage_count(scenario, row->id) > 0 || watch_knows(row->id);
    if (row->level != LEVEL_MUST || !covered || is_guarded(rows, row->id))
        return true;
    struct reason *reason = find_reason(reasons, row->id);
    if (reason != NULL)
        reason->used = true;
    printf("%s %s: %s\n", row->id, reason != NULL ? "unguarded" : "UNGUARDED",
           reason != NULL ? reason->text : row->text);
    return reason != NULL;
}

static bool check_all(const struct mutant_rows *rows, const struct scenario *scenario,
                      struct reasons *reasons)
{
    bool ok = true;
    for (size_t i = 0; i < scenario->requirements.count; i++)
        ok = check_requirement(rows, scenario, &scenario->requirements.items[i], reasons) && ok;
    for (size_t i = 0; i < reasons->count; i++) {
        if (reasons->items[i].used)
            continue;
        printf("%s GUARDED, or not covered: its reason is of no use\n",
               reasons->items[i].requirement);
        ok = false;
    }
    return ok;
}

int mutant_guard_check(const struct mutant_rows *rows, const char *path)
{
    struct diags diags = {0};
    struct scenario scenario = {0};
    struct reasons reasons = {.count = 0};
    read_reasons(rows->keep, path, &reasons);
    bool loaded = case_files_load(&diags, rows->keep, cases_dir(), NULL, 0, false, &scenario);
    diags_print(&diags, stderr);
    diags_free(&diags);
    if (!loaded)
        mutant_die("the cases cannot be read", cases_dir());
    return check_all(rows, &scenario, &reasons) ? 0 : 1;
}
