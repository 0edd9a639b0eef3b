/* SPDX-License-Identifier: Apache-2.0 */
#include "probe.h"

#include "json_tree.h"
#include "mdcts/cardmod.h"
#include "mdcts/status.h"
#include "trace.h"

#include <assert.h>
#include <string.h>

#define RECORD_BYTES 86 /* of cmapfile */
#define MISSES_MAX   3  /* containers missing in a row before looking stops */

struct probe {
    const struct run_environment *outer;
    struct run_environment env; /* a copy whose capabilities grow */
    struct arena *keep;
    struct node *found;
    struct arena arena; /* of one group */
    struct case_run *run;
    uint32_t step;
    bool dh;                        /* the entry points are there */
    uint64_t tap_apdus, card_apdus; /* seen by the tap, counted by the card; over all groups */
};

/* ---- watching ---- */

/* Passes events on, and compares what the tap saw with what the card counted. */
static void probe_event(void *data, struct arena *arena, struct node *event)
{
    struct probe *p = data;
    const char *kind = node_get_text(event, "e");
    p->tap_apdus += kind != NULL && strcmp(kind, "apdu") == 0;
    p->card_apdus += node_get_uint(event, "card_apdus", 0);
    p->outer->emit(p->outer->emit_data, arena, event);
}

/* ---- asking ---- */

static bool group_begin(struct probe *p, const char *name)
{
    p->step = 0;
    p->run = case_run_begin(&p->env, &p->arena, EVENT_NO_CASE, name);
    return p->run != NULL;
}

static void group_end(struct probe *p)
{
    if (p->run != NULL)
        case_run_end(p->run);
    p->run = NULL;
    arena_reset(&p->arena);
}

/* One step in the words of the case language, as JSON. */
static struct step_result ask(struct probe *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static struct step_result ask(struct probe *p, const char *format, ...)
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

static bool succeeded(struct step_result result)
{
    return result.ran && result.status == SCARD_S_SUCCESS;
}

static void note(struct probe *p, const char *key, struct node *value)
{
    node_add(p->found, key, value);
}

static void note_bool(struct probe *p, const char *key, bool value)
{
    note(p, key, node_new_bool(p->keep, value));
}

/* ---- versions and entry points ---- */

static void probe_versions(struct probe *p)
{
    struct node *versions = node_new_list(p->keep);
    for (uint32_t v = CARD_DATA_VERSION_FOUR; v <= CARD_DATA_VERSION_SEVEN; v++) {
        if (!group_begin(p, "probe/version"))
            break;
        struct step_result r = ask(p, "{\"acquire\":{\"version\":%u}}", v);
        if (succeeded(r) && node_get_uint(r.out, "dwVersion", 0) == v) {
            node_append(versions, node_new_uint(p->keep, v));
            const struct node *members = node_get(r.out, "members");
            const char *derive = node_get_text(members, "pfnCardDeriveKey");
            p->dh = derive != NULL && strcmp(derive, "set") == 0;
        }
        group_end(p);
    }
    note(p, "driver_versions", versions);
}

static uint64_t highest_version(const struct probe *p)
{
    uint64_t best = CARD_DATA_VERSION_SEVEN;
    const struct node *versions = node_get(p->found, "driver_versions");
    for (const struct node *v = versions == NULL ? NULL : versions->first; v != NULL; v = v->next)
        node_to_uint(v, &best);
    return best;
}

static bool acquire(struct probe *p)
{
    return succeeded(ask(p, "{\"acquire\":{\"version\":%u}}", (unsigned)highest_version(p)));
}

/* ---- containers ---- */

/* PUBLICKEYBLOB of CryptoAPI or BCRYPT_RSAPUBLIC_BLOB: "RSA1" stands in either. */
static bool is_rsa_blob(struct bytes blob)
{
    return blob.len >= 12 &&
           (memcmp(blob.data, "RSA1", 4) == 0 || memcmp(blob.data + 8, "RSA1", 4) == 0);
}

/* An ECDH key in pbKeyExPublicKey is a declaration that agreements work; for a key elsewhere, whose
 * magic may say anything, it is found by trying. */
static void add_key(struct probe *p, struct node *row, const struct node *out, const char *content,
                    const char *where)
{
    const struct curve *curve;
    struct bytes blob, point;
    if (node_get(row, "use") != NULL || node_get(row, "curve") != NULL ||
        !node_get_hex(p->keep, out, content, &blob))
        return;
    if (is_rsa_blob(blob)) {
        node_add(row, "use", node_new_string(p->keep, "rsa"));
    } else if (curve_blob_read(blob, &curve, &point)) {
        uint32_t magic = (uint32_t)blob.data[0] | (uint32_t)blob.data[1] << 8 |
                         (uint32_t)blob.data[2] << 16 | (uint32_t)blob.data[3] << 24;
        node_add(row, "curve", node_new_string(p->keep, curve->name));
        node_add(row, "public", node_new_hex(p->keep, point));
        node_add(row, "blob", node_new_string(p->keep, where));
        node_add(row, "magic", node_new_uint(p->keep, magic));
        if (strcmp(where, "keyex") == 0 && magic == curve->ecdh_magic)
            node_add(row, "use", node_new_string(p->keep, "agree"));
    }
}

static struct node *container_row(struct probe *p, uint32_t index, const struct node *out)
{
    struct node *row = node_new_map(p->keep);
    node_add(row, "index", node_new_uint(p->keep, index));
    add_key(p, row, out, "key_ex", "keyex");
    add_key(p, row, out, "sig", "sig");
    if (node_get(row, "curve") == NULL && node_get(row, "use") == NULL)
        node_add(row, "use", node_new_string(p->keep, "unknown"));
    return row;
}

static void probe_containers(struct probe *p)
{
    struct node *rows = node_new_list(p->keep);
    note(p, "containers", rows);
    if (!group_begin(p, "probe/containers"))
        return;
    /* With a map its length is the limit, whatever is missing in between. */
    if (acquire(p)) {
        struct step_result map =
            ask(p, "{\"read_file\":{\"directory\":\"mscp\",\"file\":\"cmapfile\"}}");
        uint64_t limit = PROBE_CONTAINERS_MAX;
        bool mapped = succeeded(map) && node_get_uint(map.out, "pcbData", 0) >= RECORD_BYTES;
        if (mapped)
            limit = node_get_uint(map.out, "pcbData", 0) / RECORD_BYTES;
        uint32_t misses = 0;
        for (uint32_t i = 0;
             i < limit && i < PROBE_CONTAINERS_MAX && (mapped || misses < MISSES_MAX); i++) {
            struct step_result r = ask(p, "{\"container_info\":{\"container\":%u}}", i);
            if (succeeded(r))
                node_append(rows, container_row(p, i, r.out));
            misses = succeeded(r) ? 0 : misses + 1;
        }
    }
    group_end(p);
}

/* ---- agreements ---- */

static bool authenticated(struct probe *p)
{
    return acquire(p) && succeeded(ask(p, "{\"authenticate\":{\"role\":\"user\"}}"));
}

/* Which containers agree is found by trying; a key that another says is for signatures may do as
 * well. */
static void probe_agreement(struct probe *p, struct node *row)
{
    uint64_t index = node_get_uint(row, "index", 0);
    const char *use = "unknown";
    if (!group_begin(p, "probe/agreement"))
        return;
    if (authenticated(p) &&
        succeeded(ask(p, "{\"construct\":{\"container\":%u,\"as\":\"z\"}}", (unsigned)index)))
        use = "agree";
    group_end(p);
    node_add(row, "use", node_new_string(p->keep, use));
}

static void probe_agreements(struct probe *p)
{
    const struct node *rows = node_get(p->found, "containers");
    for (struct node *row = rows->first; row != NULL; row = row->next)
        if (node_get(row, "use") == NULL)
            probe_agreement(p, row);
}

/* Where no key is elliptic the entry points may be there and refuse whatever is asked. */
static bool agrees_on_nothing(struct probe *p)
{
    const struct node *rows = node_get(p->found, "containers");
    for (const struct node *row = rows->first; row != NULL; row = row->next)
        if (node_get(row, "curve") != NULL)
            return false;
    bool refused = false;
    if (group_begin(p, "probe/no-agreement") && authenticated(p)) {
        struct step_result r = ask(p, "{\"construct\":{\"container\":0}}");
        refused = r.ran && r.status == SCARD_E_UNSUPPORTED_FEATURE;
    }
    group_end(p);
    return refused;
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

static bool agreed(struct probe *p, const char *name)
{
    return group_begin(p, name) && authenticated(p) &&
           succeeded(
               ask(p, "{\"construct\":{\"container\":%u,\"as\":\"z\"}}", agreeing_container(p)));
}

/* One agreement more.  Where only the PIN is missing the first one used it up. */
static bool agreed_again(struct probe *p, uint32_t count, bool *pin_always)
{
    static const char again[] = "{\"construct\":{\"container\":%u,\"as\":\"z%u\"}}";
    struct step_result r = ask(p, again, agreeing_container(p), count);
    if (!r.ran || r.status != SCARD_W_SECURITY_VIOLATION)
        return succeeded(r);
    if (!succeeded(ask(p, "{\"authenticate\":{\"role\":\"user\"}}")))
        return false;
    r = ask(p, again, agreeing_container(p), count);
    *pin_always = *pin_always || (r.ran && r.status != SCARD_W_SECURITY_VIOLATION);
    return succeeded(r);
}

static void probe_count(struct probe *p)
{
    uint32_t count = 0;
    bool pin_always = false;
    if (agreed(p, "probe/agreements"))
        for (count = 1; count < PROBE_AGREEMENTS_MAX; count++)
            if (!agreed_again(p, count, &pin_always))
                break;
    group_end(p);
    note(p, "agreements", node_new_uint(p->keep, count));
    note_bool(p, "pin_always", pin_always);
}

/* ---- what else there is to know ---- */

/* The PIN that each container names: a PIN_ID of four bytes. */
static void probe_container_pins(struct probe *p)
{
    const struct node *rows = node_get(p->found, "containers");
    if (highest_version(p) < CARD_DATA_VERSION_SIX || !group_begin(p, "probe/container-pins"))
        return;
    if (acquire(p))
        for (struct node *row = rows->first; row != NULL; row = row->next) {
            struct bytes id;
            struct step_result r =
                ask(p, "{\"container_property\":{\"container\":%u,\"name\":\"PIN Identifier\"}}",
                    (unsigned)node_get_uint(row, "index", 0));
            if (succeeded(r) && node_get_hex(p->keep, r.out, "data", &id) && id.len == 4 &&
                id.data[1] == 0)
                node_add(row, "pin", node_new_uint(p->keep, id.data[0]));
        }
    group_end(p);
}

/* Whether the driver has RSA keys at all, and whether it calls the card read-only. */
static void probe_card(struct probe *p)
{
    bool rsa = false, read_only = false;
    struct bytes value;
    if (group_begin(p, "probe/card") && acquire(p)) {
        rsa = succeeded(ask(p, "{\"query_key_sizes\":{\"spec\":\"AT_KEYEXCHANGE\"}}")) ||
              succeeded(ask(p, "{\"query_key_sizes\":{\"spec\":\"AT_SIGNATURE\"}}"));
        if (highest_version(p) >= CARD_DATA_VERSION_SIX) {
            struct step_result r = ask(p, "{\"get_property\":{\"name\":\"Read Only Mode\"}}");
            read_only = succeeded(r) && node_get_hex(p->keep, r.out, "data", &value) &&
                        value.len > 0 && value.data[0] != 0;
        }
    }
    group_end(p);
    note_bool(p, "rsa", rsa);
    note_bool(p, "read_only", read_only);
}

/* ---- derivations ---- */

#define HASH_PARAMETER(name) "[{\"KDF_HASH_ALGORITHM\":\"" name "\"}]"
#define SEED_PARAMETER       "{\"KDF_TLS_PRF_SEED\":{\"repeat\":\"00\",\"count\":64}}"

static const struct {
    const char *kdf, *parameters;
} kdf_questions[] = {
    {"HASH", "null"},
    {"HMAC", "[{\"KDF_HMAC_KEY\":\"hex:030609\"}]"},
    {"TLS_PRF", "[{\"KDF_TLS_PRF_LABEL\":\"label\"}," SEED_PARAMETER "]"},
    {"SP800_56A_CONCAT", "[{\"KDF_ALGORITHMID\":\"A\"},{\"KDF_PARTYUINFO\":\"U\"},"
                         "{\"KDF_PARTYVINFO\":\"V\"}]"},
    {"TRUNCATE", "null"},
};

static const char *const hash_questions[] = {"MD5", "SHA1", "SHA256", "SHA384", "SHA512"};

/* A buffer that is large enough for every KDF serves drivers of both output dialects. */
#define ASK_DERIVE                                                                                 \
    "{\"derive\":{\"agreement\":\"$z\",\"kdf\":\"%s\",\"parameters\":%s,"                          \
    "\"flags\":%u,\"version\":%u,\"output\":%s}%s}"
#define LARGE_BUFFER "{\"size\":256}"

static void probe_kdfs(struct probe *p)
{
    struct node *kdfs = node_new_list(p->keep);
    for (size_t i = 0; i < sizeof kdf_questions / sizeof kdf_questions[0]; i++) {
        if (agreed(p, "probe/kdf") &&
            succeeded(ask(p, ASK_DERIVE, kdf_questions[i].kdf, kdf_questions[i].parameters, 0u, 1u,
                          LARGE_BUFFER, "")))
            node_append(kdfs, node_new_string(p->keep, kdf_questions[i].kdf));
        group_end(p);
    }
    note(p, "kdfs", kdfs);
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
            succeeded(ask(p, ASK_DERIVE, kdf, list, 0u, 1u, LARGE_BUFFER, "")))
            node_append(hashes, node_new_string(p->keep, hash_questions[i]));
        group_end(p);
    }
    note(p, "hashes", hashes);
}

/* output and more are JSON: what `output` says, and what follows the derivation's arguments. */
static bool derives(struct probe *p, const char *kdf, const char *parameters, uint32_t flags,
                    const char *output, const char *more)
{
    bool ok = agreed(p, "probe/derive") &&
              succeeded(ask(p, ASK_DERIVE, kdf, parameters, flags, 1u, output, more));
    group_end(p);
    return ok;
}

/* Whether the driver hands out blocks of its own, fills the caller's buffer, or either. */
static void probe_output(struct probe *p)
{
    size_t question;
    const char *kdf = first_kdf(p, &question), *dialect = "callee";
    if (kdf != NULL) {
        const char *parameters = kdf_questions[question].parameters;
        bool allocates = derives(p, kdf, parameters, 0, "null", "");
        bool fills = false;
        if (agreed(p, "probe/output")) {
            struct step_result r = ask(p, ASK_DERIVE, kdf, parameters, 0u, 1u, LARGE_BUFFER, "");
            fills = succeeded(r) && node_get_bool(r.out, "filled", false);
        }
        group_end(p);
        dialect = allocates && fills ? "both" : allocates ? "callee" : "caller";
    }
    note(p, "output", node_new_string(p->keep, dialect));
}

/* Success alone says little: a driver that ignores the flag succeeds too, and hands out the key. */
static bool returns_handle(struct probe *p, const char *kdf, const char *parameters)
{
    bool handle = false;
    if (agreed(p, "probe/key-handle")) {
        struct step_result r =
            ask(p, ASK_DERIVE, kdf, parameters, (unsigned)CARD_RETURN_KEY_HANDLE, 2u, "null", "");
        handle = succeeded(r) && node_get_uint(r.out, "hKey", 0) != 0;
    }
    group_end(p);
    return handle;
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
    note_bool(p, "key_handles",
              kdf != NULL && returns_handle(p, kdf_questions[question].kdf,
                                            kdf_questions[question].parameters));
    note_bool(p, "hmac_secret", derives(p, "HMAC", "null", 1, output, ""));
}

/* ---- authentication ---- */

/* The roles whose PINs the run has, and whether an entered one can be undone. */
static void probe_pins(struct probe *p)
{
    static const char *const names[] = {"everyone", "user", "admin", "3", "4", "5", "6", "7"};
    struct node *roles = node_new_list(p->keep);
    for (size_t role = 0; role < ROLES_COUNT; role++)
        if (p->env.secrets != NULL && p->env.secrets->pins[role].data != NULL)
            node_append(roles, node_new_string(p->keep, names[role]));
    bool deauthenticates = group_begin(p, "probe/pins") && authenticated(p) &&
                           succeeded(ask(p, "{\"deauthenticate\":{\"role\":\"user\"}}"));
    group_end(p);
    note(p, "pin_roles", roles);
    note_bool(p, "deauthenticate", deauthenticates);
}

/* A driver that brings its own PC/SC library is not seen by the tap.  Where the card doesn't count,
 * none seen although there was something to see says as much. */
static void note_tap(struct probe *p)
{
    bool counts = p->env.cards[0] != NULL;
    bool bypassed = counts ? p->card_apdus > p->tap_apdus
                           : p->tap_apdus == 0 && agreeing_container(p) != UINT32_MAX;
    note(p, "tap", node_new_string(p->keep, bypassed ? "bypassed" : "active"));
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
    probe_card(&p);
    probe_pins(&p);
    note_tap(&p);
    arena_free(&p.arena);
    return p.found;
}
