/* SPDX-License-Identifier: Apache-2.0 */
#include "mutant_guard.h"

#include "case_files.h"
#include "coverage.h"
#include "judge_invariant.h"
#include "paths.h"

#include <stdio.h>

static bool check_all(const struct mutant_rows *rows, const struct scenario *scenario)
{
    bool ok = true;
    for (size_t i = 0; i < scenario->requirements.count; i++) {
        const struct requirement *row = &scenario->requirements.items[i];
        bool covered = coverage_count(scenario, row->id) > 0 || watch_knows(row->id);
        if (row->level != LEVEL_MUST || !covered || mutant_rows_count(rows, row->id) > 0)
            continue;
        printf("%s UNGUARDED: %s\n", row->id, row->text);
        ok = false;
    }
    return ok;
}

int mutant_guard_check(const struct mutant_rows *rows)
{
    struct diags diags = {0};
    struct scenario scenario = {0};
    bool loaded = case_files_load(&diags, rows->keep, cases_dir(), NULL, 0, false, &scenario);
    diags_print(&diags, stderr);
    diags_free(&diags);
    if (!loaded)
        mutant_die("the cases cannot be read", cases_dir());
    return check_all(rows, &scenario) ? 0 : 1;
}
