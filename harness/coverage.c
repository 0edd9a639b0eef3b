/* SPDX-License-Identifier: Apache-2.0 */
#include "coverage.h"

#include <string.h>

static bool is_for(const struct node *expect, const char *requirement)
{
    const char *text = node_get_text(expect, "for");
    return text != NULL && strcmp(text, requirement) == 0;
}

struct look {
    const char *requirement;
    bool found;
};

static void look_at(void *data, const struct node *step)
{
    struct look *look = data;
    const struct node *expect = node_get(step, "expect");
    bool list = expect != NULL && expect->kind == NODE_LIST;
    look->found = look->found || is_for(expect, look->requirement);
    for (const struct node *one = list ? expect->first : NULL; one != NULL; one = one->next)
        look->found = look->found || is_for(one, look->requirement);
}

bool coverage_has(const struct scenario_case *c, const char *requirement)
{
    struct look look = {requirement, strcmp(c->requirement, requirement) == 0};
    steps_visit(c->steps, look_at, &look);
    if (c->fixture != NULL)
        steps_visit(c->fixture->steps, look_at, &look);
    return look.found;
}

size_t coverage_count(const struct scenario *scenario, const char *requirement)
{
    size_t count = 0;
    for (size_t i = 0; i < scenario->suite_count; i++)
        for (size_t j = 0; j < scenario->suites[i]->case_count; j++)
            count += coverage_has(&scenario->suites[i]->cases[j], requirement);
    return count;
}
