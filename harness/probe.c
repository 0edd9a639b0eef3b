/* SPDX-License-Identifier: Apache-2.0 */
#include "probe_internal.h"

#include "json_tree.h"
#include "mdcts/cardmod.h"
#include "mdcts/status.h"
#include "status_name.h"
#include "step_role.h"
#include "trace.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

/* ---- watching ---- */

/* What was seen first is what is told; text may be NULL, and is copied. */
static void note_once(struct probe *p, const char *key, const char *text)
{
    if (text != NULL && node_get(p->found, key) == NULL)
        node_add(p->found, key, node_new_string(p->keep, arena_strdup(p->keep, text)));
}

/* Passes events on, and compares what the tap saw with what the card counted. */
static void probe_event(void *data, struct arena *arena, struct node *event)
{
    struct probe *p = data;
    const char *kind = node_get_text(event, "e");
    p->tap_apdus += kind != NULL && strcmp(kind, "apdu") == 0;
    p->card_apdus += node_get_uint(event, "card_apdus", 0);
    if (kind != NULL && strcmp(kind, "get_dh_agreement") == 0)
        note_once(p, "handle", node_get_text(event, "handle"));
    p->outer->emit(p->outer->emit_data, arena, event);
}

/* ---- asking ---- */

bool probe_group_begin(struct probe *p, const char *name)
{
    p->step = 0;
    p->run = case_run_begin(&p->env, &p->arena, EVENT_NO_CASE, name, NULL);
    return p->run != NULL;
}

void probe_group_end(struct probe *p)
{
    if (p->run != NULL)
        case_run_end(p->run);
    p->run = NULL;
    arena_reset(&p->arena);
}

struct step_result probe_ask(struct probe *p, const char *format, ...)
{
    struct diags diags = {0};
    struct step *step = arena_new(&p->arena, struct step);
    va_list args;
    va_start(args, format);
    const char *text = arena_vprintf(&p->arena, format, args);
    va_end(args);
    struct node *node = json_tree_parse(&diags, &p->arena, text, strlen(text), "probe", 1);
    bool ok = node != NULL && scenario_read_step(&diags, &p->arena, node, step);
    if (!ok)
        diags_print(&diags, stderr);
    assert(ok && "a probe's own step is in the case language");
    diags_free(&diags);
    return case_run_step(p->run, step, ++p->step);
}

bool probe_succeeded(struct step_result result)
{
    return result.ran && result.status == SCARD_S_SUCCESS;
}

bool probe_works(struct probe *p, const char *capability, const char *name,
                 struct step_result result)
{
    if (probe_succeeded(result))
        return true;
    struct node *all = node_get(p->found, "refused");
    if (all == NULL)
        all = node_add(p->found, "refused", node_new_map(p->keep));
    struct node *map = node_get(all, capability);
    if (map == NULL)
        map = node_add(all, arena_strdup(p->keep, capability), node_new_map(p->keep));
    const char *code = status_name(result.status);
    if (!result.ran)
        code = "no answer";
    else if (code == NULL)
        code = arena_printf(p->keep, "0x%08" PRIX32, result.status);
    if (node_get(map, name) == NULL)
        node_add(map, arena_strdup(p->keep, name), node_new_string(p->keep, code));
    return false;
}

void probe_note(struct probe *p, const char *key, struct node *value)
{
    node_add(p->found, key, value);
}

void probe_note_bool(struct probe *p, const char *key, bool value)
{
    probe_note(p, key, node_new_bool(p->keep, value));
}

static struct node *note_answer(struct probe *p, const char *capability, const char *requirement,
                                const char *expected, const char *observed)
{
    struct node *list = node_get(p->found, "answered_wrongly");
    if (list == NULL)
        list = node_add(p->found, "answered_wrongly", node_new_list(p->keep));
    struct node *one = node_append(list, node_new_map(p->keep));
    node_add(one, "capability", node_new_string(p->keep, capability));
    node_add(one, "requirement", node_new_string(p->keep, requirement));
    node_add(one, "expected", node_new_string(p->keep, expected));
    node_add(one, "observed", node_new_string(p->keep, observed));
    return one;
}

void probe_note_wrong(struct probe *p, const char *capability, const char *requirement,
                      const char *expected, const char *observed)
{
    note_answer(p, capability, requirement, expected, observed);
}

void probe_note_missing(struct probe *p, const char *capability, const char *requirement,
                        const char *expected, const char *observed)
{
    struct node *one = note_answer(p, capability, requirement, expected, observed);
    node_add(one, "warn", node_new_bool(p->keep, true));
}

/* ---- versions and entry points ---- */

static void probe_versions(struct probe *p)
{
    struct node *versions = node_new_list(p->keep);
    for (uint32_t v = CARD_DATA_VERSION_FOUR; v <= CARD_DATA_VERSION_SEVEN; v++) {
        if (!probe_group_begin(p, "probe/version"))
            break;
        struct step_result r = probe_ask(p, "{\"acquire\":{\"version\":%u}}", v);
        const char *name = arena_printf(p->keep, "%" PRIu32, v);
        if (probe_works(p, "versions", name, r) && node_get_uint(r.out, "dwVersion", 0) == v) {
            node_append(versions, node_new_uint(p->keep, v));
            const struct node *members = node_get(r.out, "members");
            const char *derive = node_get_text(members, "pfnCardDeriveKey");
            p->dh = derive != NULL && strcmp(derive, "set") == 0;
        }
        probe_group_end(p);
    }
    probe_note(p, "driver_versions", versions);
}

uint64_t probe_version(const struct probe *p)
{
    uint64_t best = CARD_DATA_VERSION_SEVEN;
    const struct node *versions = node_get(p->found, "driver_versions");
    for (const struct node *v = versions == NULL ? NULL : versions->first; v != NULL; v = v->next)
        node_to_uint(v, &best);
    return best;
}

bool probe_acquire(struct probe *p)
{
    return probe_succeeded(
        probe_ask(p, "{\"acquire\":{\"version\":%u}}", (unsigned)probe_version(p)));
}

/* ---- agreements ---- */

bool probe_authenticated(struct probe *p, uint32_t role)
{
    return probe_acquire(p) &&
           probe_succeeded(probe_ask(p, "{\"authenticate\":{\"role\":%u}}", (unsigned)role));
}

/* Which containers agree is found by trying; a key that another says is for signatures may do as
 * well.  Which PIN opens them is tried too, where there is a choice: a driver need not name it, and
 * may name the wrong one. */
static void probe_agreement(struct probe *p, struct node *row)
{
    uint32_t roles[ROLES_COUNT];
    bool declared = node_get(row, "use") != NULL, ok = false, refused = true;
    size_t count = probe_pin_choices(p, row, roles);
    if (declared && count == 1 && roles[0] == container_role(row))
        return;
    for (size_t i = 0; i < count && refused; i++) {
        if (!probe_group_begin(p, "probe/agreement"))
            return;
        if (probe_authenticated(p, roles[i])) {
            struct step_result r = probe_ask(p, "{\"construct\":{\"container\":%u,\"as\":\"z\"}}",
                                             (unsigned)node_get_uint(row, "index", 0));
            ok = probe_works(p, "containers", node_get_text(row, "index"), r);
            refused = r.ran && r.status == SCARD_W_SECURITY_VIOLATION;
        }
        probe_group_end(p);
        if (ok)
            node_add(row, "role", node_new_uint(p->keep, roles[i]));
    }
    if (!declared)
        node_add(row, "use", node_new_string(p->keep, ok ? "agree" : "unknown"));
}

/* Of a container that was told to agree only the PIN is in question. */
static void probe_agreements(struct probe *p)
{
    const struct node *rows = node_get(p->found, "containers");
    for (struct node *row = rows->first; row != NULL; row = row->next) {
        const char *use = node_get_text(row, "use");
        if (use == NULL || strcmp(use, "agree") == 0)
            probe_agreement(p, row);
    }
}

static bool tells_no_sizes(struct probe *p)
{
    bool none = probe_group_begin(p, "probe/agreement-sizes") && probe_acquire(p);
    for (unsigned spec = AT_ECDHE_P256; none && spec <= AT_ECDHE_P521; spec++)
        none = !probe_succeeded(probe_ask(p, "{\"query_key_sizes\":{\"spec\":%u}}", spec));
    probe_group_end(p);
    return none;
}

/* Where no key is elliptic the entry points may be there and refuse whatever is asked: they say
 * that they are not supported, or no size of such a key is told. */
static bool agrees_on_nothing(struct probe *p)
{
    const struct node *rows = node_get(p->found, "containers");
    for (const struct node *row = rows->first; row != NULL; row = row->next)
        if (node_get(row, "curve") != NULL)
            return false;
    struct step_result r = {.ran = false};
    if (probe_group_begin(p, "probe/no-agreement") && probe_authenticated(p, ROLE_USER))
        r = probe_ask(p, "{\"construct\":{\"container\":0}}");
    bool unsupported = r.ran && r.status == SCARD_E_UNSUPPORTED_FEATURE;
    bool refused = r.ran && r.status != SCARD_S_SUCCESS;
    if (refused)
        probe_note(p, "dh_refusal", node_new_uint(p->keep, r.status));
    probe_group_end(p);
    return unsupported || (refused && tells_no_sizes(p));
}

/* The first container that agrees; NULL if none does. */
const struct node *probe_agreeing_row(const struct probe *p)
{
    const struct node *rows = node_get(p->found, "containers");
    for (const struct node *row = rows->first; row != NULL; row = row->next) {
        const char *use = node_get_text(row, "use");
        if (use != NULL && strcmp(use, "agree") == 0)
            return row;
    }
    return NULL;
}

static uint32_t agreeing_container(const struct probe *p)
{
    return (uint32_t)node_get_uint(probe_agreeing_row(p), "index", UINT32_MAX);
}

/* The first agreement of a context. */
bool probe_agreed(struct probe *p, const char *name)
{
    if (!probe_group_begin(p, name) ||
        !probe_authenticated(p, container_role(probe_agreeing_row(p))))
        return false;
    struct step_result r =
        probe_ask(p, "{\"construct\":{\"container\":%u,\"as\":\"z\"}}", agreeing_container(p));
    if (probe_succeeded(r))
        note_once(p, "first_index", node_get_text(r.out, "bSecretAgreementIndex"));
    return probe_succeeded(r);
}

/* One agreement more.  Where only the PIN is missing the first one used it up. */
static bool agreed_again(struct probe *p, uint32_t count, bool *pin_always)
{
    static const char again[] = "{\"construct\":{\"container\":%u,\"as\":\"z%u\"}}";
    struct step_result r = probe_ask(p, again, agreeing_container(p), count);
    if (!r.ran || r.status != SCARD_W_SECURITY_VIOLATION)
        return probe_succeeded(r);
    if (!probe_succeeded(probe_ask(p, "{\"authenticate\":{\"role\":\"agreement\"}}")))
        return false;
    r = probe_ask(p, again, agreeing_container(p), count);
    *pin_always = *pin_always || (r.ran && r.status != SCARD_W_SECURITY_VIOLATION);
    return probe_succeeded(r);
}

/* A fresh card's key that agrees though nobody was authenticated asks for no PIN.  One agreement at
 * a time: there may be no room for two. */
static void probe_without_pin(struct probe *p)
{
    const struct node *rows = node_get(p->found, "containers");
    bool ready = probe_group_begin(p, "probe/without-pin") && probe_acquire(p);
    for (struct node *row = rows->first; ready && row != NULL; row = row->next) {
        unsigned index = (unsigned)node_get_uint(row, "index", 0);
        const char *use = node_get_text(row, "use");
        if (use == NULL || strcmp(use, "agree") != 0)
            continue;
        bool ok = probe_succeeded(
            probe_ask(p, "{\"construct\":{\"container\":%u,\"as\":\"free%u\"}}", index, index));
        node_add(row, "without_pin", node_new_bool(p->keep, ok));
        if (ok)
            probe_ask(p, "{\"destroy\":{\"agreement\":\"$free%u\"}}", index);
    }
    probe_group_end(p);
}

/* Whether the first container that agrees asks for none. */
static bool agrees_without_pin(struct probe *p)
{
    const struct node *rows = node_get(p->found, "containers");
    probe_without_pin(p);
    for (const struct node *row = rows->first; row != NULL; row = row->next)
        if (node_get(row, "without_pin") != NULL)
            return node_get_bool(row, "without_pin", false);
    return false;
}

static void probe_count(struct probe *p)
{
    uint32_t count = 0;
    bool pin_always = false;
    if (probe_agreed(p, "probe/agreements"))
        for (count = 1; count < PROBE_AGREEMENTS_MAX; count++)
            if (!agreed_again(p, count, &pin_always))
                break;
    probe_group_end(p);
    probe_note(p, "agreements", node_new_uint(p->keep, count));
    bool pin_never = count > 0 && agrees_without_pin(p);
    probe_note_bool(p, "pin_always", pin_always);
    probe_note_bool(p, "pin_never", pin_never);
    if (count > 0)
        probe_note(p, "pin",
                   node_new_string(p->keep, pin_never    ? "never"
                                            : pin_always ? "always"
                                                         : "once"));
}

/* ---- what else there is to know ---- */

/* Whether a context can do without a card; the flag is of version 7. */
static void probe_no_card(struct probe *p)
{
    bool works = false;
    if (probe_version(p) < CARD_DATA_VERSION_SEVEN)
        return;
    if (probe_group_begin(p, "probe/no-card"))
        works =
            probe_works(p, "no_card_mode", "CARD_SECURE_KEY_INJECTION_NO_CARD_MODE",
                        probe_ask(p, "{\"acquire\":{\"version\":7,\"no_connect\":true,\"flags\":"
                                     "\"CARD_SECURE_KEY_INJECTION_NO_CARD_MODE\"}}"));
    probe_group_end(p);
    probe_note_bool(p, "no_card_mode", works);
}

/* Whether the driver has RSA keys at all, and whether it calls the card read-only. */
static void probe_card(struct probe *p)
{
    bool rsa = false, read_only = false;
    struct bytes value;
    if (probe_group_begin(p, "probe/card") && probe_acquire(p)) {
        rsa =
            probe_succeeded(probe_ask(p, "{\"query_key_sizes\":{\"spec\":\"AT_KEYEXCHANGE\"}}")) ||
            probe_succeeded(probe_ask(p, "{\"query_key_sizes\":{\"spec\":\"AT_SIGNATURE\"}}"));
        if (probe_version(p) >= CARD_DATA_VERSION_SIX) {
            struct step_result r = probe_ask(p, "{\"get_property\":{\"name\":\"Read Only Mode\"}}");
            read_only = probe_succeeded(r) && node_get_hex(p->keep, r.out, "data", &value) &&
                        value.len > 0 && value.data[0] != 0;
        }
    }
    probe_group_end(p);
    probe_note_bool(p, "rsa", rsa);
    probe_note_bool(p, "read_only", read_only);
}

/* A driver that brings its own PC/SC library is not seen by the tap.  Where the card doesn't count,
 * none seen although there was something to see says as much. */
static void note_tap(struct probe *p)
{
    bool counts = p->env.cards[0] != NULL;
    bool bypassed =
        counts ? p->card_apdus > p->tap_apdus : p->tap_apdus == 0 && probe_agreeing_row(p) != NULL;
    probe_note(p, "tap", node_new_string(p->keep, bypassed ? "bypassed" : "active"));
}

struct node *probe_capabilities(const struct run_environment *env, struct arena *keep)
{
    struct probe p = {.outer = env, .env = *env, .keep = keep};
    p.env.emit = probe_event;
    p.env.emit_data = &p;
    p.found = node_new_map(keep);
    p.env.capabilities = p.found;
    probe_versions(&p);
    probe_containers(&p);
    probe_container_pins(&p);
    if (p.dh && agrees_on_nothing(&p))
        p.dh = false;
    probe_note_bool(&p, "dh", p.dh);
    if (p.dh)
        probe_agreements(&p);
    if (p.dh && probe_agreeing_row(&p) == NULL)
        probe_note_missing(
            &p, "containers", "R226",
            "a container that agrees, since the entry points for agreements are there",
            "none was found: the cases of agreements are skipped");
    if (p.dh && probe_agreeing_row(&p) != NULL) {
        probe_count(&p);
        probe_derivations(&p);
    }
    probe_card(&p);
    probe_no_card(&p);
    probe_pins(&p);
    note_tap(&p);
    arena_free(&p.arena);
    return p.found;
}
