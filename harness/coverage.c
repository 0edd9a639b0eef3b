/* SPDX-License-Identifier: Apache-2.0 */
#include "coverage.h"

#include <string.h>

static bool is_for(const struct node *expect, const char *requirement)
{
    const char *text = node_get_text(expect, "for");
    return text != NULL && strcmp(text, requirement) == 0;
}

static bool steps_have(const struct node *steps, const char *requirement)
{
    for (const struct node *step = steps != NULL ? steps->first : NULL; step != NULL;
         step = step->next) {
        const struct node *expect = node_get(step, "expect"), *block = block_steps(step);
        if (is_for(expect, requirement) || (block != NULL && steps_have(block, requirement)))
            return true;
        bool list = expect != NULL && expect->kind == NODE_LIST;
        for (const struct node *one = list ? expect->first : NULL; one != NULL; one = one->next)
            if (is_for(one, requirement))
                return true;
    }
    return false;
}

bool coverage_has(const struct scenario_case *c, const char *requirement)
{
    return strcmp(c->requirement, requirement) == 0 || steps_have(c->steps, requirement) ||
           (c->fixture != NULL && steps_have(c->fixture->steps, requirement));
}

size_t coverage_count(const struct scenario *scenario, const char *requirement)
{
    size_t count = 0;
    for (size_t i = 0; i < scenario->suite_count; i++)
        for (size_t j = 0; j < scenario->suites[i]->case_count; j++)
            count += coverage_has(&scenario->suites[i]->cases[j], requirement);
    return count;
}
