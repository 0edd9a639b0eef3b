/* SPDX-License-Identifier: Apache-2.0 */
/* Whose PINs there are: those that containers name, those that the driver tells of, those that the
 * run has. */
#include "probe_internal.h"

#include "mdcts/cardmod.h"
#include "step_role.h"

#include <string.h>

static bool is_known(const struct probe *p, uint32_t role)
{
    return p->env.secrets != NULL && role < ROLES_COUNT && p->env.secrets->pins[role].data != NULL;
}

/* The PIN that each container names: a PIN_ID of four bytes. */
void probe_container_pins(struct probe *p)
{
    const struct node *rows = node_get(p->found, "containers");
    if (probe_version(p) < CARD_DATA_VERSION_SIX || !probe_group_begin(p, "probe/container-pins"))
        return;
    if (probe_acquire(p))
        for (struct node *row = rows->first; row != NULL; row = row->next) {
            struct bytes id;
            struct step_result r = probe_ask(
                p, "{\"container_property\":{\"container\":%u,\"name\":\"PIN Identifier\"}}",
                (unsigned)node_get_uint(row, "index", 0));
            if (probe_succeeded(r) && node_get_hex(p->keep, r.out, "data", &id) && id.len == 4 &&
                id.data[1] == 0)
                node_add(row, "pin", node_new_uint(p->keep, id.data[0]));
        }
    probe_group_end(p);
}

/* The administrator looks after the card and uses none of its keys. */
size_t probe_pin_choices(const struct probe *p, const struct node *row, uint32_t *roles)
{
    uint32_t named = container_role(row);
    bool by_number = probe_version(p) >= CARD_DATA_VERSION_SIX;
    size_t count = 0;
    if (is_known(p, named))
        roles[count++] = named;
    for (uint32_t role = ROLE_USER; role < ROLES_COUNT; role++)
        if (role != named && role != ROLE_ADMIN && is_known(p, role) &&
            (role == ROLE_USER || by_number))
            roles[count++] = role;
    return count;
}

/* Whether the user's PIN is entered on the reader: PinType, behind dwVersion, of a PIN_INFO. */
static void probe_pad(struct probe *p)
{
    bool pad = false;
    if (probe_version(p) >= CARD_DATA_VERSION_SIX && probe_group_begin(p, "probe/pin-pad") &&
        probe_acquire(p)) {
        struct bytes info;
        struct step_result r = probe_ask(
            p, "{\"get_property\":{\"name\":\"PIN Information\",\"flags\":%u}}", ROLE_USER);
        pad = probe_succeeded(r) && node_get_hex(p->keep, r.out, "data", &info) &&
              info.len >= sizeof(PIN_INFO) &&
              info.data[offsetof(PIN_INFO, PinType)] == ExternalPinType;
    }
    probe_group_end(p);
    probe_note_bool(p, "pin_pad", pad);
}

/* The roles that the driver tells of: a PIN_SET, one bit a PIN_ID. */
static void probe_roles(struct probe *p)
{
    struct bytes set;
    if (probe_version(p) < CARD_DATA_VERSION_SIX)
        return;
    if (probe_group_begin(p, "probe/roles") && probe_acquire(p)) {
        struct step_result r = probe_ask(p, "{\"get_property\":{\"name\":\"PIN List\"}}");
        if (probe_succeeded(r) && node_get_hex(p->keep, r.out, "data", &set) && set.len == 4) {
            struct node *roles = node_new_list(p->keep);
            for (uint32_t role = ROLE_USER; role < ROLES_COUNT; role++)
                if ((set.data[0] >> role & 1) != 0)
                    node_append(roles, node_new_string(p->keep, role_name(role)));
            probe_note(p, "driver_pin_roles", roles);
        }
    }
    probe_group_end(p);
}

/* Whether an entered PIN can be undone. */
static void probe_undoing(struct probe *p)
{
    uint32_t role = container_role(probe_agreeing_row(p));
    bool undone = probe_group_begin(p, "probe/pins") && probe_authenticated(p, role) &&
                  probe_works(p, "deauthenticate", "deauthentication",
                              probe_ask(p, "{\"deauthenticate\":{\"role\":%u}}", (unsigned)role));
    probe_group_end(p);
    probe_note_bool(p, "deauthenticate", undone);
}

const char *probe_pin_missing(const struct node *capabilities)
{
    const struct node *list = node_get(capabilities, "containers");
    const struct node *roles = node_get(capabilities, "pin_roles");
    for (const struct node *row = list == NULL ? NULL : list->first; row != NULL; row = row->next) {
        const char *use = node_get_text(row, "use"), *role = role_name(container_role(row));
        const struct node *had = roles == NULL ? NULL : roles->first;
        while (had != NULL && strcmp(node_text(had), role) != 0)
            had = had->next;
        if (use != NULL && strcmp(use, "agree") == 0 && had == NULL &&
            !node_get_bool(row, "without_pin", false))
            return role;
    }
    return NULL;
}

void probe_pins(struct probe *p)
{
    struct node *roles = node_new_list(p->keep);
    probe_pad(p);
    probe_roles(p);
    for (uint32_t role = 0; role < ROLES_COUNT; role++)
        if (is_known(p, role))
            node_append(roles, node_new_string(p->keep, role_name(role)));
    probe_note(p, "pin_roles", roles);
    probe_undoing(p);
    if (p->env.secrets != NULL && p->env.secrets->refused && p->env.secrets->ours) {
        probe_note_bool(p, "pin_refused", true);
        probe_note_wrong(p, "pins", "R242", "the card accepts its PIN",
                         "the card was sent another one, and refused it");
    }
}
