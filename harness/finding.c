/* SPDX-License-Identifier: Apache-2.0 */
#include "finding.h"

static const struct verdict_row {
    const char *name, *key;
    bool red;
} verdict_rows[VERDICT_COUNT] = {
    [VERDICT_PASS] = {"PASS", "pass", false},
    [VERDICT_INFO] = {"INFO", "info", false},
    [VERDICT_WARN] = {"WARN", "warn", false},
    [VERDICT_FAIL] = {"FAIL", "fail", true},
    [VERDICT_CRASH] = {"CRASH", "crash", true},
    [VERDICT_HANG] = {"HANG", "hang", true},
    [VERDICT_SKIP] = {"SKIP", "skip", false},
    [VERDICT_BLOCKED] = {"BLOCKED", "blocked", true},
    [VERDICT_WAIVED] = {"WAIVED", "waived", false},
    [VERDICT_BROKEN] = {"BROKEN", "broken", true},
};

void finding_add(struct arena *keep, struct finding_list *list, const struct finding *finding)
{
    list->total++;
    if (finding->outcome > list->worst)
        list->worst = finding->outcome;
    if (list->count == FINDINGS_MAX)
        return;
    list->items = arena_grow(keep, list->items, list->count, &list->capacity, sizeof *list->items);
    list->items[list->count++] = *finding;
}

const char *verdict_name(enum verdict verdict)
{
    return verdict_rows[verdict].name;
}

const char *verdict_key(enum verdict verdict)
{
    return verdict_rows[verdict].key;
}

enum verdict verdict_of_outcome(enum outcome outcome)
{
    switch (outcome) {
    case OUTCOME_PASS: return VERDICT_PASS;
    case OUTCOME_INFO: return VERDICT_INFO;
    case OUTCOME_WARN: return VERDICT_WARN;
    case OUTCOME_FAIL: break;
    }
    return VERDICT_FAIL;
}

bool verdict_is_red(enum verdict verdict)
{
    return verdict_rows[verdict].red;
}
