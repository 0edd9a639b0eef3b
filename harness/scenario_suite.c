/* SPDX-License-Identifier: Apache-2.0 */
/* Reading suite files into cases and fixtures; what needs expansion or other files is
 * scenario_lint.c. */
#include "scenario.h"

#include "fields.h"

#include <string.h>

#define COUNT(array)  (sizeof(array) / sizeof((array)[0]))
#define ID_LENGTH_MAX 200

static const struct {
    const char *name;
    enum case_allow allow;
} allows[] = {
    {"pin-counter", ALLOW_PIN_COUNTER},
    {"write", ALLOW_WRITE},
    {"attack-points", ALLOW_ATTACK_POINTS},
    {"stress", ALLOW_STRESS},
    {"admin", ALLOW_ADMIN},
};

unsigned case_allow_from_name(const char *name)
{
    for (size_t i = 0; i < COUNT(allows); i++)
        if (strcmp(allows[i].name, name) == 0)
            return allows[i].allow;
    return 0;
}

const char *case_allow_name(unsigned one)
{
    for (size_t i = 0; i < COUNT(allows); i++)
        if (allows[i].allow == one)
            return allows[i].name;
    return "?";
}

struct reader {
    struct diags *diags;
    struct arena *keep;
    struct suite *suite;
};

/* ---- readers ---- */

static void look_for_reader(void *data, const struct node *step)
{
    uint32_t *readers = data;
    if (node_get(node_get(step, "acquire"), "reader") != NULL)
        *readers = STEP_READERS_MAX; /* or a variable that may come to it */
}

uint32_t scenario_case_readers(const struct scenario_case *c)
{
    uint32_t readers = 1;
    steps_visit(c->steps, look_for_reader, &readers);
    if (c->fixture != NULL)
        steps_visit(c->fixture->steps, look_for_reader, &readers);
    return readers;
}

/* ---- fixtures ---- */

static bool check_steps(struct reader *r, const struct node *steps)
{
    bool ok = true;
    if (steps->kind != NODE_LIST)
        return field_wrong(r->diags, steps, "steps", "a list of steps, each beginning with '- '");
    for (const struct node *step = steps->first; step != NULL; step = step->next)
        ok = block_check(r->diags, step) && ok;
    if (steps_count(steps) > STEPS_MAX)
        return diag_error(r->diags, steps->at, "more than %d steps (STEPS_MAX)", STEPS_MAX);
    return ok;
}

static bool read_fixture(struct reader *r, const struct node *node, struct fixture *out)
{
    static const char *const keys[] = {"requires", "steps"};
    *out = (struct fixture){.name = node->key, .at = node->key_at, .steps = node};
    if (node->kind == NODE_MAP) {
        if (!fields_check(r->diags, node, "a fixture", keys, COUNT(keys)))
            return false;
        out->requires = node_get(node, "requires");
        out->steps = field_required(r->diags, node, "a fixture", "steps");
    }
    return out->steps != NULL && check_steps(r, out->steps);
}

static bool read_fixtures(struct reader *r, const struct node *node)
{
    bool ok = true;
    if (node == NULL)
        return true;
    if (node->kind != NODE_MAP)
        return field_wrong(r->diags, node, "fixtures", "a map of names and steps");
    r->suite->fixtures = arena_array(r->keep, struct fixture, node->count);
    for (const struct node *item = node->first; item != NULL; item = item->next)
        ok = read_fixture(r, item, &r->suite->fixtures[r->suite->fixture_count++]) && ok;
    return ok;
}

/* ---- cases ---- */

static bool read_id(struct reader *r, const struct node *node, struct scenario_case *out)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/_.-";
    if (!field_text(r->diags, node, "id", &out->id))
        return false;
    out->at = node->at;
    if (strspn(out->id, letters) == strlen(out->id) && strlen(out->id) <= ID_LENGTH_MAX &&
        out->id[0] != '/')
        return true;
    return diag_error(r->diags, node->at,
                      "'%s' is no case id: write up to %d letters, digits, '/', '-', '_' and '.'",
                      out->id, ID_LENGTH_MAX);
}

static bool read_allow(struct reader *r, const struct node *node, struct scenario_case *out)
{
    const char *names[COUNT(allows)];
    bool ok = true;
    if (node == NULL)
        return true;
    if (node->kind != NODE_LIST)
        return field_wrong(r->diags, node, "allow", "a list");
    for (size_t i = 0; i < COUNT(allows); i++)
        names[i] = allows[i].name;
    for (const struct node *item = node->first; item != NULL; item = item->next) {
        size_t place = 0;
        if (field_choice(r->diags, item, "allow", names, COUNT(names), &place))
            out->allow |= allows[place].allow;
        else
            ok = false;
    }
    return ok;
}

static bool read_tags(struct reader *r, const struct node *node, struct scenario_case *out)
{
    bool ok = true;
    if (node == NULL)
        return true;
    if (node->kind != NODE_LIST)
        return field_wrong(r->diags, node, "tags", "a list of words");
    for (const struct node *item = node->first; item != NULL; item = item->next)
        ok = (node_is_scalar(item) || field_wrong(r->diags, item, "a tag", "a word")) && ok;
    out->tags = node;
    return ok;
}

/* The name is kept in a fixture of its own until scenario_check() finds the real one. */
static bool read_fixture_name(struct reader *r, const struct node *node, struct scenario_case *out)
{
    struct fixture *named = arena_new(r->keep, struct fixture);
    if (node == NULL)
        return true;
    named->at = node->at;
    out->fixture = named;
    return field_text(r->diags, node, "fixture", &named->name);
}

static bool read_case_fields(struct reader *r, const struct node *node, struct scenario_case *out)
{
    static const char *const needed[] = {"id", "about", "requirement", "steps"};
    bool ok = true;
    for (size_t i = 0; i < COUNT(needed); i++)
        ok = field_required(r->diags, node, "a case", needed[i]) != NULL && ok;
    if (!ok)
        return false;
    uint64_t timeout_ms = 0;
    ok = read_id(r, node_get(node, "id"), out);
    ok = field_text(r->diags, node_get(node, "about"), "about", &out->about) && ok;
    ok =
        field_text(r->diags, node_get(node, "requirement"), "requirement", &out->requirement) && ok;
    ok = field_uint(r->diags, node_get(node, "timeout_ms"), "timeout_ms", 1, TIMEOUT_MS_MAX,
                    &timeout_ms) &&
         ok;
    ok = read_allow(r, node_get(node, "allow"), out) && ok;
    ok = read_tags(r, node_get(node, "tags"), out) && ok;
    ok = read_fixture_name(r, node_get(node, "fixture"), out) && ok;
    out->requirement_at = node_get(node, "requirement")->at;
    out->timeout_ms = (uint32_t)timeout_ms;
    out->matrix = node_get(node, "matrix");
    out->requires = node_get(node, "requires");
    out->steps = node_get(node, "steps");
    return check_steps(r, out->steps) && ok;
}

static bool read_case(struct reader *r, const struct node *node, struct scenario_case *out)
{
    static const char *const keys[] = {"id",      "about", "requirement", "matrix",     "requires",
                                       "fixture", "steps", "allow",       "timeout_ms", "tags"};
    *out = (struct scenario_case){.at = node->at, .suite = r->suite};
    bool ok = fields_check(r->diags, node, "a case", keys, COUNT(keys));
    return node->kind == NODE_MAP && read_case_fields(r, node, out) && ok;
}

static bool read_cases(struct reader *r, const struct node *node)
{
    bool ok = true;
    if (node == NULL)
        return true;
    if (node->kind != NODE_LIST)
        return field_wrong(r->diags, node, "cases", "a list of cases, each beginning with '- id:'");
    if (node->count == 0)
        return diag_error(r->diags, node->at, "the list of cases is empty");
    r->suite->cases = arena_array(r->keep, struct scenario_case, node->count);
    for (const struct node *item = node->first; item != NULL; item = item->next)
        ok = read_case(r, item, &r->suite->cases[r->suite->case_count++]) && ok;
    return ok;
}

/* ---- suites ---- */

bool scenario_add_suite(struct diags *diags, struct arena *keep, const struct node *doc,
                        const char *file, struct scenario *scenario)
{
    static const char *const keys[] = {"suite", "about", "requirements", "fixtures", "cases"};
    struct suite *suite = arena_new(keep, struct suite);
    struct reader r = {diags, keep, suite};
    suite->file = arena_strdup(keep, file);
    if (doc->kind != NODE_MAP)
        return field_wrong(diags, doc, "a suite file", "a map with suite and cases");
    bool ok = fields_check(diags, doc, "a suite file", keys, COUNT(keys));
    const struct node *rows = node_get(doc, "requirements"), *cases = node_get(doc, "cases");
    if (rows != NULL)
        ok = requirements_add(diags, keep, rows, &scenario->requirements) && ok;
    if (cases != NULL)
        ok = field_required(diags, doc, "a suite file", "suite") != NULL && ok;
    else if (node_get(doc, "fixtures") == NULL && rows == NULL)
        ok = field_required(diags, doc, "a suite file", "cases") != NULL && ok;
    ok = field_text(diags, node_get(doc, "suite"), "suite", &suite->name) && ok;
    ok = field_text(diags, node_get(doc, "about"), "about", &suite->about) && ok;
    ok = read_fixtures(&r, node_get(doc, "fixtures")) && ok;
    ok = read_cases(&r, cases) && ok;
    scenario->suites = arena_grow(keep, scenario->suites, scenario->suite_count,
                                  &scenario->suite_capacity, sizeof(struct suite *));
    scenario->suites[scenario->suite_count++] = suite;
    return ok;
}

const struct scenario_case *scenario_find_case(const struct scenario *scenario, const char *id)
{
    for (size_t i = 0; i < scenario->suite_count; i++) {
        const struct suite *suite = scenario->suites[i];
        for (size_t j = 0; j < suite->case_count; j++)
            if (suite->cases[j].id != NULL && strcmp(suite->cases[j].id, id) == 0)
                return &suite->cases[j];
    }
    return NULL;
}
