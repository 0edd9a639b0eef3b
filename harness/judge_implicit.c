/* SPDX-License-Identifier: Apache-2.0 */
#include "judge_step.h"

#include "mdcts/cardmod.h"

#include <string.h>

static const struct implicit_row {
    enum step_op op;
    const char *requirement; /* NULL: by curve */
    bool may_refuse;
} implicit_rows[] = {
    {STEP_ACQUIRE, "R010", false},        {STEP_DELETE_CONTEXT, "R051", false},
    {STEP_AUTHENTICATE, "R242", false},   {STEP_DEAUTHENTICATE, "R248", true},
    {STEP_CONSTRUCT, NULL, false},        {STEP_DERIVE, "R127", false},
    {STEP_DESTROY, "R193", false},        {STEP_DESTROY_KEY, "R147", false},
    {STEP_CONTAINER_INFO, "R226", false}, {STEP_QUERY_KEY_SIZES, "R233", false},
};

static const struct {
    const char *curve, *requirement;
} construct_rows[] = {
    {"P-256", "R060"},
    {"P-384", "R061"},
    {"P-521", "R062"},
};

static const char *declared_curve(const struct judge_facts *facts, uint64_t index)
{
    const struct node *list = node_get(facts->capabilities, "containers");
    for (const struct node *one = list == NULL ? NULL : list->first; one != NULL; one = one->next)
        if (node_get_uint(one, "index", UINT64_MAX) == index)
            return node_get_text(one, "curve");
    return NULL;
}

/* The curve that the step names, or the one of the container that it names. */
static const char *construct_curve(const struct judge_facts *facts, const struct step *step)
{
    struct container_spec spec = step_container(step, facts->capabilities);
    if (spec.kind == CONTAINER_BY_CURVE)
        return spec.curve;
    return spec.kind == CONTAINER_INDEX ? declared_curve(facts, spec.index) : NULL;
}

static const char *construct_requirement(const struct judge_facts *facts, const struct step *step)
{
    const char *curve = construct_curve(facts, step);
    for (size_t i = 0; i < sizeof construct_rows / sizeof construct_rows[0]; i++)
        if (curve != NULL && strcmp(curve, construct_rows[i].curve) == 0)
            return construct_rows[i].requirement;
    return construct_rows[0].requirement;
}

const char *step_implicit_requirement(const struct judge_facts *facts, const struct step *step,
                                      bool *may_refuse)
{
    for (size_t i = 0; i < sizeof implicit_rows / sizeof implicit_rows[0]; i++) {
        const struct implicit_row *row = &implicit_rows[i];
        if (row->op != step->op)
            continue;
        bool no_card = row->op == STEP_ACQUIRE &&
                       (step_flags(step) & CARD_SECURE_KEY_INJECTION_NO_CARD_MODE) != 0;
        if (may_refuse != NULL)
            *may_refuse = row->may_refuse || no_card;
        if (no_card)
            return "R041";
        return row->op == STEP_CONSTRUCT ? construct_requirement(facts, step) : row->requirement;
    }
    return NULL;
}

const char *entry_implicit_requirement(const char *entry)
{
    static const struct {
        const char *entry, *requirement;
    } rows[] = {
        {"CardAcquireContext", "R010"},
        {"CardDeleteContext", "R051"},
        {"CardConstructDHAgreement", "R060"},
        {"CardDeriveKey", "R127"},
        {"CardDestroyDHAgreement", "R193"},
        {"CardGetContainerInfo", "R226"},
        {"CardQueryKeySizes", "R233"},
        {"CardAuthenticatePin", "R242"},
        {"CardAuthenticateEx", "R242"},
        {"CardDeauthenticate", "R248"},
        {"CardDeauthenticateEx", "R248"},
        {"CardDestroyKey", "R147"},
        {"CardReadFile", "R239"},
        {"CardGetProperty", "R247"},
        {"CardGetContainerProperty", "R247"},
    };
    for (size_t i = 0; entry != NULL && i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].entry, entry) == 0)
            return rows[i].requirement;
    return entry == NULL ? NULL : "R016"; /* what is in the table is there to be called */
}
