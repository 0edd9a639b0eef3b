/* SPDX-License-Identifier: Apache-2.0 */
#include "step_role.h"

#include "mdcts/cardmod.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[MAX_PINS] = {"everyone", "user", "admin", "3", "4", "5", "6", "7"};

const char *role_name(uint32_t role)
{
    return role < MAX_PINS ? names[role] : "another";
}

uint32_t role_number(const char *name)
{
    for (uint32_t role = ROLE_USER; role <= ROLE_ADMIN; role++)
        if (strcmp(name, names[role]) == 0)
            return role;
    return (uint32_t)strtoul(name, NULL, 10);
}

/* ---- containers ---- */

static bool agrees(const struct node *row)
{
    const char *use = node_get_text(row, "use");
    return use != NULL && strcmp(use, "agree") == 0;
}

static const struct node *first_agreeing(const struct node *capabilities)
{
    const struct node *list = node_get(capabilities, "containers");
    const struct node *row = list == NULL ? NULL : list->first;
    while (row != NULL && !agrees(row))
        row = row->next;
    return row;
}

const struct node *step_container_row(const struct step *step, const struct node *capabilities)
{
    const struct node *list = node_get(capabilities, "containers");
    struct container_spec spec = step_container(step, capabilities);
    uint64_t nth = 0;
    for (const struct node *row = list == NULL ? NULL : list->first; row != NULL; row = row->next)
        if (container_fits(row, &spec) && ++nth == spec.nth)
            return row;
    return NULL;
}

/* A driver that names the administrator, or nobody, has not said whose PIN its key wants. */
uint32_t container_role(const struct node *row)
{
    uint64_t told = node_get_uint(row, "role_declared", node_get_uint(row, "pin", ROLE_USER));
    uint64_t role = node_get_uint(row, "role", told);
    bool opens = role == ROLE_USER || (role > ROLE_ADMIN && role < MAX_PINS);
    return opens ? (uint32_t)role : ROLE_USER;
}

/* ---- steps ---- */

static const struct node *agreed_row(const struct step *steps, size_t count, size_t at,
                                     const struct node *capabilities)
{
    size_t found = count;
    for (size_t i = count; i-- > 0;)
        if (steps[i].op == STEP_CONSTRUCT)
            found = i; /* the case's first */
    for (size_t i = at; i < count; i++)
        if (steps[i].op == STEP_CONSTRUCT && strcmp(steps[i].context, steps[at].context) == 0) {
            found = i;
            break;
        }
    const struct node *row = found < count ? step_container_row(&steps[found], capabilities) : NULL;
    return row != NULL ? row : first_agreeing(capabilities);
}

uint32_t step_agreement_role(const struct step *steps, size_t count, size_t at,
                             const struct node *capabilities)
{
    return container_role(agreed_row(steps, count, at, capabilities));
}

uint32_t step_role(const struct step *steps, size_t count, size_t at,
                   const struct node *capabilities)
{
    const char *role = step_arg_text(&steps[at], "role", names[ROLE_USER]);
    if (strcmp(role, ROLE_WORD_AGREEMENT) == 0)
        return step_agreement_role(steps, count, at, capabilities);
    if (strcmp(role, ROLE_WORD_NAMED) != 0)
        return role_number(role);
    uint64_t named = node_get_uint(agreed_row(steps, count, at, capabilities), "pin", 0);
    return named == ROLE_EVERYONE || named >= MAX_PINS ? ROLE_NOBODY : (uint32_t)named;
}

bool step_role_suffices(const struct step *steps, size_t count, size_t at,
                        const struct node *capabilities)
{
    uint32_t role = step_role(steps, count, at, capabilities);
    for (size_t i = at + 1; i < count; i++) {
        if (strcmp(steps[i].context, steps[at].context) != 0)
            continue;
        if (steps[i].op == STEP_AUTHENTICATE)
            return true;
        const struct node *row =
            steps[i].op == STEP_CONSTRUCT ? step_container_row(&steps[i], capabilities) : NULL;
        if (row != NULL && agrees(row) && container_role(row) != role)
            return false;
    }
    return true;
}
