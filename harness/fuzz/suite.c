/* SPDX-License-Identifier: Apache-2.0 */
/* A suite file, from its bytes to the plan's lines in the trace.
 *
 * What scenario_check() lets pass must be playable: every case that is planned can be written into
 * the trace and read from there. */
#include "fuzz.h"

#include "case_files.h"
#include "json_tree.h"
#include "plan.h"
#include "yaml_tree.h"

#include <string.h>

enum { CASES_TRIED_MAX = 8 };

static struct arena kept;
static struct scenario common; /* the catalogue and the fixtures that every file knows */

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    struct diags diags = {0};
    FUZZ_HOLDS(
        case_files_add_requirements(&diags, &kept, MDCTS_CASES_DIR "/requirements.yaml", &common));
    FUZZ_HOLDS(case_files_add_suite(&diags, &kept, MDCTS_CASES_DIR "/fixtures.yaml", &common));
    diags_free(&diags);
    return 0;
}

static void try_plan(struct diags *diags, struct arena *keep, const struct scenario *scenario)
{
    struct plan plan = {0};
    const struct plan_options options = {.virtual_reader = true, .allow = ALLOW_ALL, .readers = 2};
    if (!plan_make(diags, keep, scenario, &options, &plan))
        return;
    for (size_t n = 0; n < plan.count && n < CASES_TRIED_MAX; n++) {
        struct planned planned;
        const struct node *node = plan_case_node(&plan, n, keep);
        const char *text = json_tree_text(keep, node);
        const struct node *line = json_tree_parse(diags, keep, text, strlen(text), "trace", 1);
        bool ok = line != NULL && planned_read(diags, keep, line, &planned);
        diags_print(diags, stderr);
        FUZZ_HOLDS(ok && planned.n == n && planned.step_count >= planned.fixture_steps);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena keep = {0};
    struct diags diags = {0};
    struct scenario scenario = common;
    const struct node *doc =
        yaml_tree_parse(&diags, &keep, (struct bytes){data, size}, "suite.yaml");
    if (doc != NULL)
        fuzz_round_trip(&keep, doc);
    /* What grows in these lists must not grow into the next input's. */
    scenario.suite_capacity = scenario.suite_count;
    scenario.requirements.capacity = scenario.requirements.count;
    if (doc != NULL && scenario_add_suite(&diags, &keep, doc, "suite.yaml", &scenario) &&
        scenario_check(&diags, &keep, &scenario))
        try_plan(&diags, &keep, &scenario);
    diags_free(&diags);
    arena_free(&keep);
    return 0;
}
