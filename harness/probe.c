/* SPDX-License-Identifier: Apache-2.0 */
#include "probe_internal.h"

#include "json_tree.h"
#include "mdcts/cardmod.h"
#include "mdcts/status.h"
#include "trace.h"

#include <assert.h>
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

void probe_note(struct probe *p, const char *key, struct node *value)
{
    node_add(p->found, key, value);
}

static void note_bool(struct probe *p, const char *key, bool value)
{
    probe_note(p, key, node_new_bool(p->keep, value));
}

void probe_note_wrong(struct probe *p, const char *capability, const char *requirement,
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
}

/* ---- versions and entry points ---- */

static void probe_versions(struct probe *p)
{
    struct node *versions = node_new_list(p->keep);
    for (uint32_t v = CARD_DATA_VERSION_FOUR; v <= CARD_DATA_VERSION_SEVEN; v++) {
        if (!probe_group_begin(p, "probe/version"))
            break;
        struct step_result r = probe_ask(p, "{\"acquire\":{\"version\":%u}}", v);
        if (probe_succeeded(r) && node_get_uint(r.out, "dwVersion", 0) == v) {
            node_append(versions, node_new_uint(p->keep, v));
            const struct node *members = node_get(r.out, "members");
            const char *derive = node_get_text(members, "pfnCardDeriveKey");
            p->dh = derive != NULL && strcmp(derive, "set") == 0;
        }
        probe_group_end(p);
    }
    probe_note(p, "driver_versions", versions);
}

static uint64_t highest_version(const struct probe *p)
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
        probe_ask(p, "{\"acquire\":{\"version\":%u}}", (unsigned)highest_version(p)));
}

/* ---- agreements ---- */

static bool authenticated(struct probe *p)
{
    return probe_acquire(p) &&
           probe_succeeded(probe_ask(p, "{\"authenticate\":{\"role\":\"user\"}}"));
}

/* Which containers agree is found by trying; a key that another says is for signatures may do as
 * well. */
static void probe_agreement(struct probe *p, struct node *row)
{
    uint64_t index = node_get_uint(row, "index", 0);
    const char *use = "unknown";
    if (!probe_group_begin(p, "probe/agreement"))
        return;
    if (authenticated(p) &&
        probe_succeeded(
            probe_ask(p, "{\"construct\":{\"container\":%u,\"as\":\"z\"}}", (unsigned)index)))
        use = "agree";
    probe_group_end(p);
    node_add(row, "use", node_new_string(p->keep, use));
}

static void probe_agreements(struct probe *p)
{
    const struct node *rows = node_get(p->found, "containers");
    for (struct node *row = rows->first; row != NULL; row = row->next)
        if (node_get(row, "use") == NULL)
            probe_agreement(p, row);
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
    if (probe_group_begin(p, "probe/no-agreement") && authenticated(p))
        r = probe_ask(p, "{\"construct\":{\"container\":0}}");
    bool unsupported = r.ran && r.status == SCARD_E_UNSUPPORTED_FEATURE;
    bool refused = r.ran && r.status != SCARD_S_SUCCESS;
    if (refused)
        probe_note(p, "dh_refusal", node_new_uint(p->keep, r.status));
    probe_group_end(p);
    return unsupported || (refused && tells_no_sizes(p));
}

/* A container that agrees; UINT32_MAX if none does. */
static uint32_t agreeing_container(const struct probe *p)
{
    const struct node *rows = node_get(p->found, "containers");
    for (const struct node *row = rows->first; row != NULL; row = row->next) {
        const char *use = node_get_text(row, "use");
        if (use != NULL && strcmp(use, "agree") == 0)
            return (uint32_t)node_get_uint(row, "index", 0);
    }
    return UINT32_MAX;
}

/* The first agreement of a context. */
static bool agreed(struct probe *p, const char *name)
{
    if (!probe_group_begin(p, name) || !authenticated(p))
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
    if (!probe_succeeded(probe_ask(p, "{\"authenticate\":{\"role\":\"user\"}}")))
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
    if (agreed(p, "probe/agreements"))
        for (count = 1; count < PROBE_AGREEMENTS_MAX; count++)
            if (!agreed_again(p, count, &pin_always))
                break;
    probe_group_end(p);
    probe_note(p, "agreements", node_new_uint(p->keep, count));
    bool pin_never = count > 0 && agrees_without_pin(p);
    note_bool(p, "pin_always", pin_always);
    note_bool(p, "pin_never", pin_never);
    if (count > 0)
        probe_note(p, "pin",
                   node_new_string(p->keep, pin_never    ? "never"
                                            : pin_always ? "always"
                                                         : "once"));
}

/* ---- what else there is to know ---- */

/* The PIN that each container names: a PIN_ID of four bytes. */
static void probe_container_pins(struct probe *p)
{
    const struct node *rows = node_get(p->found, "containers");
    if (highest_version(p) < CARD_DATA_VERSION_SIX || !probe_group_begin(p, "probe/container-pins"))
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

/* Whether the user's PIN is entered on the reader: PinType, behind dwVersion, of a PIN_INFO. */
static void probe_pin_pad(struct probe *p)
{
    bool pad = false;
    if (highest_version(p) >= CARD_DATA_VERSION_SIX && probe_group_begin(p, "probe/pin-pad") &&
        probe_acquire(p)) {
        struct bytes info;
        struct step_result r = probe_ask(
            p, "{\"get_property\":{\"name\":\"PIN Information\",\"flags\":%u}}", ROLE_USER);
        pad = probe_succeeded(r) && node_get_hex(p->keep, r.out, "data", &info) &&
              info.len >= sizeof(PIN_INFO) &&
              info.data[offsetof(PIN_INFO, PinType)] == ExternalPinType;
    }
    probe_group_end(p);
    note_bool(p, "pin_pad", pad);
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
        if (highest_version(p) >= CARD_DATA_VERSION_SIX) {
            struct step_result r = probe_ask(p, "{\"get_property\":{\"name\":\"Read Only Mode\"}}");
            read_only = probe_succeeded(r) && node_get_hex(p->keep, r.out, "data", &value) &&
                        value.len > 0 && value.data[0] != 0;
        }
    }
    probe_group_end(p);
    note_bool(p, "rsa", rsa);
    note_bool(p, "read_only", read_only);
}

/* ---- derivations ---- */

#define HASH_PARAMETER(name)  "[{\"KDF_HASH_ALGORITHM\":\"" name "\"}]"
#define HMAC_PARAMETERS(more) "[{\"KDF_HMAC_KEY\":\"hex:030609\"}" more "]"
#define SEED_PARAMETER        "{\"KDF_TLS_PRF_SEED\":{\"repeat\":\"00\",\"count\":64}}"

#define QUESTIONS_MAX 3

/* What is asked in turn until something works.  A default that is missing makes no KDF missing, so
 * a list that names a hash comes first. */
static const struct {
    const char *kdf, *parameters[QUESTIONS_MAX];
} kdf_questions[] = {
    {"HASH", {HASH_PARAMETER("SHA256"), "null", HASH_PARAMETER("SHA1")}},
    {"HMAC", {HMAC_PARAMETERS(",{\"KDF_HASH_ALGORITHM\":\"SHA256\"}"), HMAC_PARAMETERS("")}},
    {"TLS_PRF", {"[{\"KDF_TLS_PRF_LABEL\":\"label\"}," SEED_PARAMETER "]"}},
    {"SP800_56A_CONCAT",
     {"[{\"KDF_ALGORITHMID\":\"A\"},{\"KDF_PARTYUINFO\":\"U\"},{\"KDF_PARTYVINFO\":\"V\"}]"}},
    {"TRUNCATE", {"null"}},
};

static const char *const hash_questions[] = {"MD5", "SHA1", "SHA256", "SHA384", "SHA512"};

/* A buffer that is large enough for every KDF serves drivers of both output dialects. */
#define ASK_DERIVE                                                                                 \
    "{\"derive\":{\"agreement\":\"$z\",\"kdf\":\"%s\",\"parameters\":%s,"                          \
    "\"flags\":%u,\"version\":%u,\"output\":%s}%s}"
#define LARGE_BUFFER "{\"size\":256}"

/* The parameters with which the KDF works; NULL: with none of them. */
static const char *working_parameters(struct probe *p, size_t question)
{
    for (size_t i = 0; i < QUESTIONS_MAX && kdf_questions[question].parameters[i] != NULL; i++) {
        const char *parameters = kdf_questions[question].parameters[i];
        bool ok = agreed(p, "probe/kdf") &&
                  probe_succeeded(probe_ask(p, ASK_DERIVE, kdf_questions[question].kdf, parameters,
                                            0u, 1u, LARGE_BUFFER, ""));
        probe_group_end(p);
        if (ok)
            return parameters;
    }
    return NULL;
}

/* The first KDF that works is the one of the later questions. */
static void probe_kdfs(struct probe *p)
{
    struct node *kdfs = node_new_list(p->keep);
    for (size_t i = 0; i < sizeof kdf_questions / sizeof kdf_questions[0]; i++) {
        const char *parameters = working_parameters(p, i);
        if (parameters == NULL)
            continue;
        if (kdfs->first == NULL)
            p->parameters = parameters;
        node_append(kdfs, node_new_string(p->keep, kdf_questions[i].kdf));
    }
    probe_note(p, "kdfs", kdfs);
}

static const char *first_kdf(const struct probe *p, size_t *question)
{
    const struct node *kdf = node_get(p->found, "kdfs")->first;
    for (*question = 0; kdf != NULL; (*question)++)
        if (strcmp(kdf_questions[*question].kdf, node_text(kdf)) == 0)
            return node_text(kdf);
    return NULL;
}

static void probe_hashes(struct probe *p)
{
    struct node *hashes = node_new_list(p->keep);
    size_t question;
    const char *kdf = first_kdf(p, &question);
    for (size_t i = 0; i < sizeof hash_questions / sizeof hash_questions[0] && kdf != NULL; i++) {
        const char *list = arena_printf(p->keep,
                                        question == 0 ? HASH_PARAMETER("%s")
                                                      : "[{\"KDF_HASH_ALGORITHM\":\"%s\"},"
                                                        "{\"KDF_HMAC_KEY\":\"hex:03\"}]",
                                        hash_questions[i]);
        if (question <= 1 && agreed(p, "probe/hash") &&
            probe_succeeded(probe_ask(p, ASK_DERIVE, kdf, list, 0u, 1u, LARGE_BUFFER, "")))
            node_append(hashes, node_new_string(p->keep, hash_questions[i]));
        probe_group_end(p);
    }
    probe_note(p, "hashes", hashes);
}

/* output and more are JSON: what `output` says, and what follows the derivation's arguments. */
static bool derives(struct probe *p, const char *kdf, const char *parameters, uint32_t flags,
                    const char *output, const char *more)
{
    bool ok = agreed(p, "probe/derive") &&
              probe_succeeded(probe_ask(p, ASK_DERIVE, kdf, parameters, flags, 1u, output, more));
    probe_group_end(p);
    return ok;
}

/* Whether the driver hands out blocks of its own, fills the caller's buffer, or either. */
static void probe_output(struct probe *p)
{
    size_t question;
    const char *kdf = first_kdf(p, &question), *dialect = "callee";
    if (kdf != NULL) {
        bool allocates = derives(p, kdf, p->parameters, 0, "null", "");
        bool fills = false;
        if (agreed(p, "probe/output")) {
            struct step_result r =
                probe_ask(p, ASK_DERIVE, kdf, p->parameters, 0u, 1u, LARGE_BUFFER, "");
            fills = probe_succeeded(r) && node_get_bool(r.out, "filled", false);
        }
        probe_group_end(p);
        dialect = allocates && fills ? "both" : allocates ? "callee" : "caller";
    }
    probe_note(p, "output", node_new_string(p->keep, dialect));
}

/* Success alone says little: a driver that ignores the flag succeeds too, and hands out the key. */
static bool returns_handle(struct probe *p, const char *kdf, const char *cipher)
{
    bool handle = false;
    if (agreed(p, "probe/key-handle")) {
        struct step_result r = probe_ask(
            p,
            "{\"derive\":{\"agreement\":\"$z\",\"kdf\":\"%s\",\"parameters\":%s,\"flags\":%u,"
            "\"version\":2,\"output\":null,%s}}",
            kdf, p->parameters, (unsigned)CARD_RETURN_KEY_HANDLE, cipher);
        handle = probe_succeeded(r) && node_get_uint(r.out, "hKey", 0) != 0;
    }
    probe_group_end(p);
    return handle;
}

/* A key is for a cipher, and a driver may refuse one that is named no cipher. */
static bool returns_handles(struct probe *p, const char *kdf)
{
    return returns_handle(p, kdf, "\"algorithm\":\"AES\",\"key_length\":256") ||
           returns_handle(p, kdf, "\"algorithm\":\"AES\",\"key_length\":128") ||
           returns_handle(p, kdf, "\"algorithm\":\"3DES\",\"key_length\":192");
}

static void probe_extras(struct probe *p)
{
    size_t question;
    const char *kdf = first_kdf(p, &question);
    const char *output = node_get_text(p->found, "output");
    output = strcmp(output, "caller") == 0 ? LARGE_BUFFER : "null";
    note_bool(p, "secret_handles",
              kdf != NULL && question <= 1 &&
                  derives(p, kdf,
                          question == 0 ? "[{\"KDF_SECRET_HANDLE\":\"h1\"}]"
                                        : "[{\"KDF_HMAC_KEY\":\"hex:03\"},{\"KDF_SECRET_HANDLE\":"
                                          "\"h1\"}]",
                          0, output,
                          ",\"callbacks\":{\"CspGetDHAgreement\":[{\"handle\":\"h1\",\"index\":"
                          "\"$z\",\"return\":0}]}"));
    note_bool(p, "size_only",
              kdf != NULL && derives(p, kdf, p->parameters, CARD_BUFFER_SIZE_ONLY, "null", ""));
    note_bool(p, "key_handles", kdf != NULL && returns_handles(p, kdf));
    note_bool(p, "hmac_secret", derives(p, "HMAC", "null", 1, output, ""));
}

/* ---- authentication ---- */

static const char *const role_names[] = {"everyone", "user", "admin", "3", "4", "5", "6", "7"};

/* The roles that the driver tells of: a PIN_SET, one bit a PIN_ID. */
static void probe_roles(struct probe *p)
{
    struct bytes set;
    if (highest_version(p) < CARD_DATA_VERSION_SIX)
        return;
    if (probe_group_begin(p, "probe/roles") && probe_acquire(p)) {
        struct step_result r = probe_ask(p, "{\"get_property\":{\"name\":\"PIN List\"}}");
        if (probe_succeeded(r) && node_get_hex(p->keep, r.out, "data", &set) && set.len == 4) {
            struct node *roles = node_new_list(p->keep);
            for (size_t role = ROLE_USER; role < ROLES_COUNT; role++)
                if ((set.data[0] >> role & 1) != 0)
                    node_append(roles, node_new_string(p->keep, role_names[role]));
            probe_note(p, "driver_pin_roles", roles);
        }
    }
    probe_group_end(p);
}

/* The roles whose PINs the run has, and whether an entered one can be undone. */
static void probe_pins(struct probe *p)
{
    struct node *roles = node_new_list(p->keep);
    for (size_t role = 0; role < ROLES_COUNT; role++)
        if (p->env.secrets != NULL && p->env.secrets->pins[role].data != NULL)
            node_append(roles, node_new_string(p->keep, role_names[role]));
    bool deauthenticates =
        probe_group_begin(p, "probe/pins") && authenticated(p) &&
        probe_succeeded(probe_ask(p, "{\"deauthenticate\":{\"role\":\"user\"}}"));
    probe_group_end(p);
    probe_note(p, "pin_roles", roles);
    if (p->env.secrets != NULL && p->env.secrets->refused && p->env.secrets->ours) {
        note_bool(p, "pin_refused", true);
        probe_note_wrong(p, "pins", "R242", "the card accepts its PIN",
                         "the card was sent another one, and refused it");
    }
    note_bool(p, "deauthenticate", deauthenticates);
}

/* A driver that brings its own PC/SC library is not seen by the tap.  Where the card doesn't count,
 * none seen although there was something to see says as much. */
static void note_tap(struct probe *p)
{
    bool counts = p->env.cards[0] != NULL;
    bool bypassed = counts ? p->card_apdus > p->tap_apdus
                           : p->tap_apdus == 0 && agreeing_container(p) != UINT32_MAX;
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
    if (p.dh && agrees_on_nothing(&p))
        p.dh = false;
    note_bool(&p, "dh", p.dh);
    if (p.dh)
        probe_agreements(&p);
    if (p.dh && agreeing_container(&p) != UINT32_MAX) {
        probe_count(&p);
        probe_kdfs(&p);
        probe_hashes(&p);
        probe_output(&p);
        probe_extras(&p);
    }
    probe_container_pins(&p);
    probe_pin_pad(&p);
    probe_card(&p);
    probe_roles(&p);
    probe_pins(&p);
    note_tap(&p);
    arena_free(&p.arena);
    return p.found;
}
