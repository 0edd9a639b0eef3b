/* SPDX-License-Identifier: Apache-2.0 */
#include "plan_require.h"

#include "fields.h"
#include "mdcts/cardmod.h"
#include "step_role.h"

#include <inttypes.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct matcher {
    struct arena *keep;
    const struct require_case *needs_of;
    const struct node *capabilities;
    bool virtual_reader;
    size_t readers;
};

/* ---- looking into capabilities ---- */

static bool list_has(const struct node *list, const char *text)
{
    for (const struct node *item = list != NULL ? list->first : NULL; item != NULL;
         item = item->next)
        if (node_text(item) != NULL && strcmp(item->text, text) == 0)
            return true;
    return false;
}

static bool list_has_number(const struct node *list, uint64_t number)
{
    uint64_t value;
    for (const struct node *item = list != NULL ? list->first : NULL; item != NULL;
         item = item->next)
        if (node_to_uint(item, &value) && value == number)
            return true;
    return false;
}

/* Containers of that use and, unless NULL, that curve. */
static size_t count_containers(const struct matcher *m, const char *use, const char *curve)
{
    size_t count = 0;
    const struct node *list = node_get(m->capabilities, "containers");
    for (const struct node *c = list != NULL ? list->first : NULL; c != NULL; c = c->next) {
        const char *its_use = node_get_text(c, "use"), *its_curve = node_get_text(c, "curve");
        if (its_use != NULL && strcmp(its_use, use) == 0 &&
            (curve == NULL || (its_curve != NULL && strcmp(its_curve, curve) == 0)))
            count++;
    }
    return count;
}

/* ---- one function per need: the reason, or NULL ---- */

typedef const char *need_check(const struct matcher *m, const struct node *value);

static const char *need_version(const struct matcher *m, const struct node *value)
{
    uint64_t version;
    if (!node_to_uint(value, &version) ||
        list_has_number(node_get(m->capabilities, "driver_versions"), version))
        return NULL;
    return arena_printf(m->keep, "no version %" PRIu64, version);
}

static const char *need_curve(const struct matcher *m, const struct node *value)
{
    bool any = strcmp(value->text, CURVE_ANY) == 0;
    if (count_containers(m, "agree", any ? NULL : value->text) > 0)
        return NULL;
    return any ? "no container agrees"
               : arena_printf(m->keep, "no container agrees on %s", value->text);
}

static const char *need_listed(const struct matcher *m, const struct node *value, const char *list,
                               const char *what)
{
    const struct node *item = value->kind == NODE_LIST ? value->first : value;
    for (; item != NULL; item = value->kind == NODE_LIST ? item->next : NULL)
        if (node_text(item) != NULL && !list_has(node_get(m->capabilities, list), item->text))
            return arena_printf(m->keep, "no %s %s", what, item->text);
    return NULL;
}

static const char *need_kdf(const struct matcher *m, const struct node *value)
{
    return need_listed(m, value, "kdfs", "KDF");
}

static const char *need_hash(const struct matcher *m, const struct node *value)
{
    return need_listed(m, value, "hashes", "hash");
}

static const char *need_unsupported_kdf(const struct matcher *m, const struct node *value)
{
    if (!list_has(node_get(m->capabilities, "kdfs"), value->text))
        return NULL;
    return arena_printf(m->keep, "KDF %s is supported", value->text);
}

static const char *need_flag(const struct matcher *m, const struct node *value, const char *name,
                             const char *what)
{
    bool wanted = true;
    node_to_bool(value, &wanted);
    if (node_get_bool(m->capabilities, name, false) == wanted)
        return NULL;
    return arena_printf(m->keep, wanted ? "no %s" : "the driver has %s", what);
}

static const char *need_secret_handles(const struct matcher *m, const struct node *value)
{
    return need_flag(m, value, "secret_handles", "secret handles");
}

static const char *need_key_handles(const struct matcher *m, const struct node *value)
{
    return need_flag(m, value, "key_handles", "key handles");
}

static const char *need_no_card_mode(const struct matcher *m, const struct node *value)
{
    return need_flag(m, value, "no_card_mode", "mode without a card");
}

static const char *need_deauthenticate(const struct matcher *m, const struct node *value)
{
    return need_flag(m, value, "deauthenticate", "deauthentication");
}

static const char *need_dh(const struct matcher *m, const struct node *value)
{
    return need_flag(m, value, "dh", "key agreement");
}

static const char *need_agreements(const struct matcher *m, const struct node *value)
{
    uint64_t count = 0, offered = node_get_uint(m->capabilities, "agreements", 0);
    node_to_uint(value, &count);
    if (offered >= count)
        return NULL;
    return arena_printf(m->keep, "room for %" PRIu64 " agreements, not %" PRIu64, offered, count);
}

static const char *need_read_only(const struct matcher *m, const struct node *value)
{
    return need_flag(m, value, "read_only", "read-only card");
}

/* The container of the case's first agreement, if it names a curve or an index. */
static const struct node *agreed_container(const struct matcher *m)
{
    size_t i = 0;
    while (i < m->needs_of->step_count && m->needs_of->steps[i].op != STEP_CONSTRUCT)
        i++;
    return i == m->needs_of->step_count
               ? NULL
               : step_container_row(&m->needs_of->steps[i], m->capabilities);
}

/* What was never probed to work without one wants a PIN, and so does what was declared to. */
static const char *need_pin(const struct matcher *m, const struct node *value)
{
    const struct node *row = agreed_container(m);
    bool wanted = true, never = node_get_bool(m->capabilities, "pin_never", false);
    node_to_bool(value, &wanted);
    if (node_get(row, "without_pin") != NULL)
        never = node_get_bool(row, "without_pin", false);
    if (node_get_bool(row, "pin_declared", false))
        never = false;
    if (never != wanted)
        return NULL;
    return wanted ? "agreements need no PIN" : "agreements need the PIN";
}

static const char *need_rsa(const struct matcher *m, const struct node *value)
{
    return need_flag(m, value, "rsa", "RSA keys");
}

static const char *need_pin_pad(const struct matcher *m, const struct node *value)
{
    return need_flag(m, value, "pin_pad", "PIN pad");
}

/* Each container that agrees names a PIN, and that one neither is named nor opens any.  Where none
 * is named nobody has said that another doesn't do. */
static const char *need_other_pin(const struct matcher *m, const struct node *value)
{
    const struct node *list = node_get(m->capabilities, "containers");
    uint64_t other = 0;
    node_to_uint(value, &other);
    for (const struct node *c = list != NULL ? list->first : NULL; c != NULL; c = c->next) {
        const char *use = node_get_text(c, "use");
        uint64_t named = node_get_uint(c, "pin", ROLE_EVERYONE);
        if (use == NULL || strcmp(use, "agree") != 0)
            continue;
        if (named == ROLE_EVERYONE)
            return "a container that agrees names no PIN";
        if (named == other || container_role(c) == other)
            return arena_printf(m->keep, "PIN %" PRIu64 " is that of a container that agrees",
                                other);
    }
    return count_containers(m, "agree", NULL) > 0 ? NULL : "no container agrees";
}

static const char *need_container(const struct matcher *m, const struct node *value)
{
    const char *use = strcmp(value->text, "sign-only") == 0 ? "sign" : "rsa";
    if (count_containers(m, use, NULL) > 0)
        return NULL;
    return arena_printf(m->keep, "no %s container", value->text);
}

static const char *need_hmac_flag(const struct matcher *m, const struct node *value)
{
    (void)value;
    return node_get_bool(m->capabilities, "hmac_secret", false)
               ? NULL
               : "KDF_USE_SECRET_AS_HMAC_KEY_FLAG is not supported";
}

static const char *need_reader(const struct matcher *m, const struct node *value)
{
    (void)value;
    return m->virtual_reader ? NULL : "needs the virtual reader";
}

static const char *need_readers(const struct matcher *m, const struct node *value)
{
    uint64_t count = 1;
    node_to_uint(value, &count);
    return m->readers >= count ? NULL : arena_printf(m->keep, "needs %" PRIu64 " readers", count);
}

/* ---- the language's keys ---- */

static const struct text_table container_words = {(const char *const[]){"rsa", "sign-only"}, 2},
                               flag_words = {(const char *const[]){"hmac-secret"}, 1},
                               reader_words = {(const char *const[]){"virtual"}, 1};

enum need_kind { NEED_NUMBER, NEED_BOOL, NEED_WORD, NEED_WORDS };

/* clang-format off */
static const struct need {
    const char *name;
    enum need_kind kind;
    need_check *check;
    const struct text_table *known; /* words that are allowed; NULL: any */
} needs[] = {
    {"version",         NEED_NUMBER, need_version,         NULL},
    {"curve",           NEED_WORD,   need_curve,           &curve_words},
    {"kdf",             NEED_WORDS,  need_kdf,             &kdf_names},
    {"hash",            NEED_WORDS,  need_hash,            &hash_names},
    {"unsupported_kdf", NEED_WORD,   need_unsupported_kdf, &kdf_names},
    {"secret_handles",  NEED_BOOL,   need_secret_handles,  NULL},
    {"key_handles",     NEED_BOOL,   need_key_handles,     NULL},
    {"deauthenticate",  NEED_BOOL,   need_deauthenticate,  NULL},
    {"no_card_mode",    NEED_BOOL,   need_no_card_mode,    NULL},
    {"dh",              NEED_BOOL,   need_dh,              NULL},
    {"read_only",       NEED_BOOL,   need_read_only,       NULL},
    {"rsa",             NEED_BOOL,   need_rsa,             NULL},
    {"pin",             NEED_BOOL,   need_pin,             NULL},
    {"pin_pad",         NEED_BOOL,   need_pin_pad,         NULL},
    {"other_pin",       NEED_NUMBER, need_other_pin,       NULL},
    {"agreements",      NEED_NUMBER, need_agreements,      NULL},
    {"container",       NEED_WORD,   need_container,       &container_words},
    {"flag",            NEED_WORD,   need_hmac_flag,       &flag_words},
    {"readers",         NEED_NUMBER, need_readers,         NULL},
    {"reader",          NEED_WORD,   need_reader,          &reader_words},
};
/* clang-format on */

static bool check_words(struct diags *diags, const struct need *need, const struct node *value)
{
    bool list = value->kind == NODE_LIST && need->kind == NEED_WORDS, ok = true;
    size_t place;
    for (const struct node *item = list ? value->first : value; item != NULL;
         item = list ? item->next : NULL)
        ok =
            field_choice(diags, item, need->name, need->known->names, need->known->count, &place) &&
            ok;
    return ok;
}

static bool check_need(struct diags *diags, const struct need *need, const struct node *value)
{
    uint64_t number;
    bool yes;
    if (need->kind == NEED_NUMBER)
        return field_uint(diags, value, need->name, 0, 65536, &number);
    if (need->kind == NEED_BOOL)
        return field_bool(diags, value, need->name, &yes);
    return check_words(diags, need, value);
}

bool require_check(struct diags *diags, const struct node *requires)
{
    const char *names[COUNT(needs)];
    bool ok = true;
    if (requires == NULL)
        return true;
    for (size_t i = 0; i < COUNT(needs); i++)
        names[i] = needs[i].name;
    ok = fields_check(diags, requires, "requires", names, COUNT(names));
    for (size_t i = 0; i < COUNT(needs); i++) {
        const struct node *value = node_get(requires, needs[i].name);
        if (value != NULL)
            ok = check_need(diags, &needs[i], value) && ok;
    }
    return ok;
}

static const char *said_missing(const struct matcher *m, const struct node *said)
{
    for (size_t i = 0; said != NULL && i < COUNT(needs); i++) {
        const struct node *value = node_get(said, needs[i].name);
        const char *why = value == NULL ? NULL : needs[i].check(m, value);
        if (why != NULL)
            return why;
    }
    return NULL;
}

/* ---- implied by steps ---- */

static bool says(const struct require_case *needs_of, const char *key)
{
    return node_get(needs_of->said[0], key) != NULL || node_get(needs_of->said[1], key) != NULL;
}

static bool says_word(const struct require_case *needs_of, const char *key, const char *word)
{
    for (size_t i = 0; i < 2; i++) {
        const char *text = node_get_text(needs_of->said[i], key);
        if (text != NULL && strcmp(text, word) == 0)
            return true;
    }
    return false;
}

static const char *container_missing(const struct matcher *m, const struct step *step)
{
    struct container_spec c = step_container(step, m->capabilities);
    if (c.kind == CONTAINER_RSA || c.kind == CONTAINER_SIGN_ONLY || c.kind == CONTAINER_ECDSA)
        return step_container_row(step, m->capabilities) != NULL
                   ? NULL
                   : arena_printf(m->keep, "no %s container", step_arg_text(step, "container", ""));
    if (c.kind != CONTAINER_BY_CURVE)
        return NULL;
    if (c.curve == NULL)
        return "no container agrees";
    size_t count = count_containers(m, "agree", c.curve);
    if (count >= c.nth)
        return NULL;
    if (count == 0)
        return arena_printf(m->keep, "no container agrees on %s", c.curve);
    return count == 1 ? arena_printf(m->keep, "only one container agrees on %s", c.curve)
                      : arena_printf(m->keep, "only %zu containers agree on %s", count, c.curve);
}

static const char *hash_missing(const struct matcher *m, const struct step *step)
{
    const struct node *list = step_arg(step, "parameters");
    if (list == NULL || list->kind != NODE_LIST)
        return NULL;
    for (const struct node *item = list->first; item != NULL; item = item->next) {
        const char *hash = node_get_text(item, "KDF_HASH_ALGORITHM");
        if (hash != NULL && text_table_has(&hash_names, hash) &&
            !list_has(node_get(m->capabilities, "hashes"), hash))
            return arena_printf(m->keep, "no hash %s", hash);
    }
    return NULL;
}

static const char *derive_missing(const struct matcher *m, const struct require_case *needs_of,
                                  const struct step *step)
{
    struct kdf_spec kdf = step_kdf(step);
    const struct node *kdfs = node_get(m->capabilities, "kdfs");
    if (kdf.kind == KDF_ANY && (kdfs == NULL || kdfs->count == 0))
        return "no KDF";
    if (kdf.kind == KDF_NAMED && !says_word(needs_of, "unsupported_kdf", kdf.name) &&
        !list_has(kdfs, kdf.name))
        return arena_printf(m->keep, "no KDF %s", kdf.name);
    return says(needs_of, "unsupported_kdf") ? NULL : hash_missing(m, step);
}

/* The CARD_DATA version that the step's context is acquired with. */
static uint64_t context_version(const struct require_case *needs_of, const struct step *step)
{
    for (size_t i = 0; i < needs_of->step_count; i++)
        if (needs_of->steps[i].op == STEP_ACQUIRE &&
            strcmp(step_binds(&needs_of->steps[i]), step->context) == 0)
            return step_arg_uint(&needs_of->steps[i], "version", UINT64_MAX);
    return UINT64_MAX;
}

/* A PIN that a step names outright is not that of every card's keys: what would be agreed on with
 * it, or after its going, tells nothing about the driver.  `other_pin` says that this is meant, and
 * no administrator opens keys; what the container names is the driver's own word. */
static const char *pin_foreign(const struct matcher *m, const struct require_case *needs_of,
                               const struct step *step)
{
    const char *word = step_arg_text(step, "role", role_name(ROLE_USER));
    const char *pin = step_arg_text(step, "pin", "profile");
    size_t at = (size_t)(step - needs_of->steps), count = needs_of->step_count;
    bool agreement = strcmp(word, ROLE_WORD_AGREEMENT) == 0;
    bool meant = strcmp(word, ROLE_WORD_NAMED) == 0 || says(needs_of, "other_pin") ||
                 strcmp(word, role_name(ROLE_ADMIN)) == 0;
    if (node_get(m->capabilities, "pin_roles") == NULL || strcmp(pin, "profile") != 0 ||
        (meant && !agreement) || step_role_suffices(needs_of->steps, count, at, m->capabilities))
        return NULL;
    return agreement ? "its containers have different PINs"
                     : arena_printf(m->keep,
                                    "PIN %s is not that of the container; role: agreement would be",
                                    word);
}

/* Without pin_roles nothing is known about PINs, and nothing is skipped for them. */
static const char *pin_missing(const struct matcher *m, const struct require_case *needs_of,
                               const struct step *step)
{
    const struct node *roles = node_get(m->capabilities, "pin_roles");
    const char *pin = step_arg_text(step, "pin", "profile");
    size_t at = (size_t)(step - needs_of->steps);
    uint32_t role = step_role(needs_of->steps, needs_of->step_count, at, m->capabilities);
    if (roles == NULL || strcmp(pin, "profile") != 0 || step_arg(step, "entry") != NULL)
        return pin_foreign(m, needs_of, step);
    if (role == ROLE_NOBODY)
        return "the container names no PIN";
    if (!list_has(roles, role_name(role)))
        return arena_printf(m->keep, "no PIN for role %s", role_name(role));
    if (role > ROLE_ADMIN && context_version(needs_of, step) < CARD_DATA_VERSION_SIX)
        return arena_printf(m->keep, "PIN %s can't be presented before version 6", role_name(role));
    return pin_foreign(m, needs_of, step);
}

/* Where each use of a key wants the PIN, a second agreement has to be preceded by it; how often the
 * PIN is asked for is the driver's affair, and a case that counts on once has nothing to say. */
static const char *pin_used_up(const struct matcher *m, const struct require_case *needs_of)
{
    bool used = false;
    if (!node_get_bool(m->capabilities, "pin_always", false))
        return NULL;
    for (size_t i = 0; i < needs_of->step_count; i++) {
        const struct step *step = &needs_of->steps[i];
        if (step->op == STEP_AUTHENTICATE)
            used = false;
        if (step->op == STEP_CONSTRUCT && (used || step->repeat > 1))
            return "each agreement needs the PIN anew";
        used = used || step->op == STEP_CONSTRUCT;
    }
    return NULL;
}

static const char *step_missing(const struct matcher *m, const struct require_case *needs_of,
                                const struct step *step)
{
    const char *why = NULL;
    bool tapped = step->pcsc.kind != TROUBLE_NONE || step_is_swept_by(step, SWEEP_PCSC);
    const char *tap = node_get_text(m->capabilities, "tap");
    bool troubled = step->card.kind != TROUBLE_NONE || step_is_swept_by(step, SWEEP_CARD);
    if (troubled && !m->virtual_reader)
        return "needs the virtual reader";
    if (tapped && tap != NULL && strcmp(tap, "bypassed") == 0)
        return "tap-bypassed: the driver's APDUs can't be reached";
    if (step_is_dh(step) && !says(needs_of, "dh") && !node_get_bool(m->capabilities, "dh", false))
        return "no key agreement";
    if (step->op == STEP_CONSTRUCT || step->op == STEP_CONTAINER_INFO ||
        step->op == STEP_CONTAINER_PROPERTY || step->op == STEP_QUERY_KEY_SIZES)
        why = container_missing(m, step);
    else if (step->op == STEP_DERIVE)
        why = derive_missing(m, needs_of, step);
    else if (step->op == STEP_AUTHENTICATE)
        why = pin_missing(m, needs_of, step);
    else if (step->op == STEP_DEAUTHENTICATE)
        why = pin_foreign(m, needs_of, step);
    else if (step->op == STEP_ACQUIRE && step_arg(step, "reader") != NULL)
        why = need_readers(m, step_arg(step, "reader"));
    return why;
}

const char *require_missing(struct arena *keep, const struct require_case *needs_of,
                            const struct node *capabilities, bool virtual_reader, size_t readers)
{
    struct matcher m = {keep, needs_of, capabilities, virtual_reader, readers};
    const char *why = NULL;
    for (size_t i = 0; i < 2 && why == NULL; i++)
        why = said_missing(&m, needs_of->said[i]);
    for (size_t i = 0; i < needs_of->step_count && why == NULL; i++)
        why = step_missing(&m, needs_of, &needs_of->steps[i]);
    return why != NULL ? why : pin_used_up(&m, needs_of);
}
