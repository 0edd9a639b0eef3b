/* SPDX-License-Identifier: Apache-2.0 */
#include "profile.h"

#include "fields.h"
#include "scenario_value.h"
#include "status_name.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FD_MAX       1023

struct reader {
    struct diags *diags;
    struct arena *keep;
    struct profile *profile;
};

/* ---- small checks ---- */

static bool is_text_map(struct reader *r, const struct node *node, const char *what)
{
    bool ok = true;
    if (node == NULL)
        return true;
    if (node->kind != NODE_MAP)
        return field_wrong(r->diags, node, what, "a map of names and texts");
    for (const struct node *item = node->first; item != NULL; item = item->next)
        ok = (node_is_scalar(item) || field_wrong(r->diags, item, item->key, "text")) && ok;
    return ok;
}

static bool is_text_list(struct reader *r, const struct node *node, const char *what)
{
    bool ok = true;
    if (node == NULL)
        return true;
    if (node->kind != NODE_LIST)
        return field_wrong(r->diags, node, what, "a list of texts");
    for (const struct node *item = node->first; item != NULL; item = item->next)
        ok = (node_is_scalar(item) || field_wrong(r->diags, item, what, "a list of texts")) && ok;
    return ok;
}

static bool is_date(const char *text)
{
    static const char shape[] = "dddd-dd-dd";
    for (size_t i = 0; i < sizeof shape - 1; i++) {
        bool digit = text[i] >= '0' && text[i] <= '9';
        if (shape[i] == 'd' ? !digit : text[i] != shape[i])
            return false;
    }
    int month = (text[5] - '0') * 10 + text[6] - '0', day = (text[8] - '0') * 10 + text[9] - '0';
    return text[10] == '\0' && month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

/* ---- driver ---- */

static bool looks_like_pin(const char *name)
{
    return strcmp(name, "PIN") == 0 || strcmp(name, "MDCTS_PIN") == 0 || strcmp(name, "PUK") == 0;
}

static bool read_driver(struct reader *r, const struct node *node)
{
    static const char *const keys[] = {"path", "env", "cwd", "config", "logs", "setup"};
    struct profile *p = r->profile;
    if (!fields_check(r->diags, node, "driver", keys, COUNT(keys)))
        return false;
    bool ok = field_required(r->diags, node, "driver", "path") != NULL;
    ok = field_text(r->diags, node_get(node, "path"), "path", &p->driver_path) && ok;
    ok = field_text(r->diags, node_get(node, "cwd"), "cwd", &p->driver_cwd) && ok;
    ok = field_text(r->diags, node_get(node, "setup"), "setup", &p->driver_setup) && ok;
    p->driver_env = node_get(node, "env");
    p->driver_config = node_get(node, "config");
    p->driver_logs = node_get(node, "logs");
    ok = is_text_map(r, p->driver_env, "env") && ok;
    const struct node *env = ok && p->driver_env != NULL ? p->driver_env->first : NULL;
    for (; env != NULL; env = env->next)
        if (looks_like_pin(env->key))
            ok = diag_error(r->diags, env->key_at,
                            "a PIN is never given to the driver in its "
                            "environment; say where it is under 'pins'");
    ok = is_text_list(r, p->driver_config, "config") && ok;
    return is_text_list(r, p->driver_logs, "logs") && ok;
}

/* ---- PINs ---- */

static bool read_number_after(const char *text, uint64_t *out)
{
    struct node number = {.kind = NODE_PLAIN, .text = text};
    return node_to_uint(&number, out);
}

static bool read_source(struct reader *r, const struct node *node, struct profile_pin *out)
{
    static const struct {
        const char *word;
        enum pin_source source;
    } words[] = {{"prompt", PIN_FROM_PROMPT}, {"pad", PIN_FROM_PAD}, {"none", PIN_NONE}};
    const char *text = node_text(node);
    uint64_t fd;
    for (size_t i = 0; text != NULL && i < COUNT(words); i++) {
        if (strcmp(words[i].word, text) == 0) {
            out->source = words[i].source;
            return true;
        }
    }
    if (text != NULL && strncmp(text, "env:", 4) == 0 && text[4] != '\0') {
        out->source = PIN_FROM_ENV;
        out->variable = text + 4;
        return true;
    }
    if (text != NULL && strncmp(text, "fd:", 3) == 0 && read_number_after(text + 3, &fd) &&
        fd <= FD_MAX) {
        out->source = PIN_FROM_FD;
        out->fd = (int)fd;
        return true;
    }
    /* The text is not repeated: it may be the PIN itself. */
    return diag_error(r->diags, node->at,
                      "source must be env:NAME, fd:N, prompt, pad or none; a PIN itself is never "
                      "written into a profile");
}

static bool refuse_values(struct reader *r, const struct node *node)
{
    static const char *const values[] = {"pin", "value", "puk", "key", "secret", "password"};
    bool ok = true;
    for (size_t i = 0; i < COUNT(values); i++) {
        const struct node *entry = node_get(node, values[i]);
        if (entry != NULL)
            ok = diag_error(r->diags, entry->key_at,
                            "'%s' would put a secret into a file that is shared and stored in "
                            "results; say 'source: env:NAME', 'fd:N' or 'prompt' instead",
                            values[i]);
    }
    return ok;
}

static bool read_pin(struct reader *r, const struct node *node, struct profile_pin *out)
{
    static const char *const keys[] = {"id", "source", "policy", "touch"};
    static const char *const policies[] = {"once", "always", "never"};
    size_t policy = 0;
    *out = (struct profile_pin){.at = node->at, .role = "user"};
    if (node->kind == NODE_MAP && !refuse_values(r, node))
        return false;
    if (!fields_check(r->diags, node, "a PIN", keys, COUNT(keys)))
        return false;
    const struct node *source = field_required(r->diags, node, "a PIN", "source");
    bool ok = source != NULL && read_source(r, source, out);
    ok = field_text(r->diags, node_get(node, "id"), "id", &out->role) && ok;
    ok = field_choice(r->diags, node_get(node, "policy"), "policy", policies, 3, &policy) && ok;
    out->policy = (enum pin_policy)policy;
    return field_bool(r->diags, node_get(node, "touch"), "touch", &out->touch) && ok;
}

static bool check_role(struct reader *r, const struct profile_pin *pin)
{
    uint64_t number;
    bool known = strcmp(pin->role, "user") == 0 || strcmp(pin->role, "admin") == 0 ||
                 (read_number_after(pin->role, &number) && number >= 1 && number <= 7);
    if (!known)
        return diag_error(r->diags, pin->at, "id must be user, admin or 1 to 7, not '%s'",
                          pin->role);
    const struct profile_pin *first = profile_find_pin(r->profile, pin->role);
    return first == pin ||
           diag_error(r->diags, pin->at, "the PIN of '%s' is described twice", pin->role);
}

static bool read_pins(struct reader *r, const struct node *node)
{
    bool ok = true;
    if (node->kind != NODE_LIST || node->count > PROFILE_PINS_MAX)
        return field_wrong(r->diags, node, "pins", "a list of at most 16 PINs");
    for (const struct node *item = node->first; item != NULL; item = item->next) {
        struct profile_pin *pin = &r->profile->pins[r->profile->pin_count++];
        ok = read_pin(r, item, pin) && check_role(r, pin) && ok;
    }
    return ok;
}

const struct profile_pin *profile_find_pin(const struct profile *profile, const char *role)
{
    for (size_t i = 0; i < profile->pin_count; i++)
        if (profile->pins[i].role != NULL && strcmp(profile->pins[i].role, role) == 0)
            return &profile->pins[i];
    return NULL;
}

/* ---- waivers ---- */

static bool read_waiver_code(struct reader *r, const struct node *node, struct profile_waiver *out)
{
    uint64_t number;
    size_t count;
    const char *const *names = status_names(&count);
    if (node == NULL)
        return true;
    out->has_code = true;
    if (node_to_uint(node, &number) && number <= UINT32_MAX) {
        out->code = (uint32_t)number;
        return true;
    }
    if (!node_is_scalar(node))
        return field_wrong(r->diags, node, "code", "the name of a return code");
    if (status_from_name(node->text, &out->code))
        return true;
    return field_unknown(r->diags, node->at, "return code", node->text, names, count);
}

static bool check_waiver(struct reader *r, const struct node *node, const struct profile_waiver *w)
{
    bool ok = true;
    if (w->requirement == NULL && w->cases == NULL)
        ok = diag_error(r->diags, node->at, "a waiver needs 'requirement' or 'cases'");
    if (w->requirement != NULL && !requirement_id_is_valid(w->requirement))
        ok = diag_error(r->diags, node_get(node, "requirement")->at, "'%s' is no requirement id",
                        w->requirement);
    if (w->has_code && w->requirement == NULL)
        ok = diag_error(r->diags, node->at, "'code' of a waiver needs 'requirement' beside it");
    if (w->expires != NULL && !is_date(w->expires))
        ok = field_wrong(r->diags, node_get(node, "expires"), "expires", "a day as YYYY-MM-DD");
    return ok;
}

static bool read_waiver(struct reader *r, const struct node *node, struct profile_waiver *out)
{
    static const char *const keys[] = {"requirement", "code", "cases",   "reason",
                                       "owner",       "link", "expires", "driver_hash"};
    *out = (struct profile_waiver){.at = node->at};
    if (!fields_check(r->diags, node, "a waiver", keys, COUNT(keys)))
        return false;
    bool ok = field_required(r->diags, node, "a waiver", "reason") != NULL;
    ok = field_required(r->diags, node, "a waiver", "owner") != NULL && ok;
    const struct {
        const char *key;
        const char **to;
    } texts[] = {
        {"requirement", &out->requirement},
        {"cases", &out->cases},
        {"reason", &out->reason},
        {"owner", &out->owner},
        {"link", &out->link},
        {"expires", &out->expires},
        {"driver_hash", &out->driver_hash},
    };
    for (size_t i = 0; i < COUNT(texts); i++)
        ok = field_text(r->diags, node_get(node, texts[i].key), texts[i].key, texts[i].to) && ok;
    return read_waiver_code(r, node_get(node, "code"), out) && ok && check_waiver(r, node, out);
}

static bool read_waivers(struct reader *r, const struct node *node)
{
    bool ok = true;
    if (node->kind != NODE_LIST || node->count > PROFILE_WAIVERS_MAX)
        return field_wrong(r->diags, node, "waivers", "a list of waivers");
    r->profile->waivers = arena_array(r->keep, struct profile_waiver, node->count);
    for (const struct node *item = node->first; item != NULL; item = item->next)
        ok = read_waiver(r, item, &r->profile->waivers[r->profile->waiver_count++]) && ok;
    return ok;
}

const struct profile_waiver *profile_find_waiver(const struct profile *profile,
                                                 const char *requirement, const uint32_t *observed,
                                                 const char *case_id, const char *driver_hash,
                                                 const char *today)
{
    for (size_t i = 0; i < profile->waiver_count; i++) {
        const struct profile_waiver *w = &profile->waivers[i];
        if ((w->requirement == NULL || strcmp(w->requirement, requirement) == 0) &&
            (!w->has_code || (observed != NULL && *observed == w->code)) &&
            (w->cases == NULL || glob_matches(w->cases, case_id)) &&
            (w->driver_hash == NULL ||
             (driver_hash != NULL && strcmp(w->driver_hash, driver_hash) == 0)) &&
            (w->expires == NULL || strcmp(today, w->expires) <= 0))
            return w;
    }
    return NULL;
}

/* ---- capabilities, hooks, budgets ---- */

enum capability_kind {
    CAPABILITY_BOOL,
    CAPABILITY_NUMBER,
    CAPABILITY_NUMBERS,
    CAPABILITY_WORDS,
    CAPABILITY_CHOICE,
    CAPABILITY_CONTAINERS
};

static const char *const output_words[] = {"callee", "caller", "both"};
static const struct text_table output_names = {output_words, COUNT(output_words)};
static const char *const pin_words[] = {"once", "always", "never"};
static const struct text_table pin_names = {pin_words, COUNT(pin_words)};
static const char *const role_words[] = {"user", "admin", "3", "4", "5", "6", "7"};
static const struct text_table role_names = {role_words, COUNT(role_words)};

static const struct capability {
    const char *name;
    enum capability_kind kind;
    const struct text_table *known;
} capability_rows[] = {
    {"versions", CAPABILITY_NUMBERS, NULL},       {"curves", CAPABILITY_WORDS, &curve_names},
    {"kdfs", CAPABILITY_WORDS, &kdf_names},       {"hashes", CAPABILITY_WORDS, &hash_names},
    {"containers", CAPABILITY_CONTAINERS, NULL},  {"dh", CAPABILITY_BOOL, NULL},
    {"secret_handles", CAPABILITY_BOOL, NULL},    {"key_handles", CAPABILITY_BOOL, NULL},
    {"hmac_secret", CAPABILITY_BOOL, NULL},       {"deauthenticate", CAPABILITY_BOOL, NULL},
    {"agreements", CAPABILITY_NUMBER, NULL},      {"output", CAPABILITY_CHOICE, &output_names},
    {"size_only", CAPABILITY_BOOL, NULL},         {"pin", CAPABILITY_CHOICE, &pin_names},
    {"pin_roles", CAPABILITY_WORDS, &role_names}, {"no_card_mode", CAPABILITY_BOOL, NULL},
};

static bool check_list(struct reader *r, const struct node *node, const struct capability *row)
{
    bool ok = true;
    uint64_t number;
    size_t place;
    if (node->kind != NODE_LIST)
        return field_wrong(r->diags, node, row->name, "a list");
    for (const struct node *item = node->first; item != NULL; item = item->next)
        ok = (row->kind == CAPABILITY_NUMBERS
                  ? field_uint(r->diags, item, row->name, 4, 7, &number)
                  : field_choice(r->diags, item, row->name, row->known->names, row->known->count,
                                 &place)) &&
             ok;
    return ok;
}

static bool check_container(struct reader *r, const struct node *item)
{
    static const char *const keys[] = {"index", "curve", "use", "pin"};
    static const char *const uses[] = {"agree", "rsa", "sign", "unknown"};
    uint64_t number;
    size_t place;
    const char *text;
    if (!fields_check(r->diags, item, "a container", keys, COUNT(keys)))
        return false;
    bool ok = field_required(r->diags, item, "a container", "index") != NULL;
    ok = field_uint(r->diags, node_get(item, "index"), "index", 0, 255, &number) && ok;
    ok = field_choice(r->diags, node_get(item, "curve"), "curve", curve_names.names,
                      curve_names.count, &place) &&
         ok;
    ok = field_choice(r->diags, node_get(item, "use"), "use", uses, COUNT(uses), &place) && ok;
    return field_text(r->diags, node_get(item, "pin"), "pin", &text) && ok;
}

static bool check_containers(struct reader *r, const struct node *node)
{
    bool ok = true;
    if (node->kind != NODE_LIST)
        return field_wrong(r->diags, node, "containers", "a list");
    for (const struct node *item = node->first; item != NULL; item = item->next)
        ok = check_container(r, item) && ok;
    return ok;
}

static bool check_capability(struct reader *r, const struct node *node,
                             const struct capability *row)
{
    bool yes;
    uint64_t number;
    size_t place;
    switch (row->kind) {
    case CAPABILITY_BOOL: return field_bool(r->diags, node, row->name, &yes);
    case CAPABILITY_NUMBER: return field_uint(r->diags, node, row->name, 0, 65536, &number);
    case CAPABILITY_NUMBERS:
    case CAPABILITY_WORDS: return check_list(r, node, row);
    case CAPABILITY_CHOICE:
        return field_choice(r->diags, node, row->name, row->known->names, row->known->count,
                            &place);
    case CAPABILITY_CONTAINERS: return check_containers(r, node);
    }
    return false;
}

static bool read_capabilities(struct reader *r, const struct node *node)
{
    const char *names[COUNT(capability_rows)];
    bool ok = true;
    for (size_t i = 0; i < COUNT(capability_rows); i++)
        names[i] = capability_rows[i].name;
    r->profile->capabilities = node;
    if (!fields_check(r->diags, node, "capabilities", names, COUNT(names)))
        return false;
    for (size_t i = 0; i < COUNT(capability_rows); i++) {
        const struct node *value = node_get(node, capability_rows[i].name);
        if (value != NULL)
            ok = check_capability(r, value, &capability_rows[i]) && ok;
    }
    return ok;
}

static bool read_hooks(struct reader *r, const struct node *node)
{
    static const char *const keys[] = {"remove", "insert", "power_cycle"};
    r->profile->hooks = node;
    return fields_check(r->diags, node, "hooks", keys, COUNT(keys)) &&
           is_text_map(r, node, "hooks");
}

static bool read_budgets(struct reader *r, const struct node *node)
{
    static const char *const keys[] = {"max_time_s", "agreements", "pin_entries"};
    struct profile *p = r->profile;
    if (!fields_check(r->diags, node, "budgets", keys, COUNT(keys)))
        return false;
    bool ok =
        field_uint(r->diags, node_get(node, "max_time_s"), "max_time_s", 1, 604800, &p->max_time_s);
    ok = field_uint(r->diags, node_get(node, "agreements"), "agreements", 1, UINT32_MAX,
                    &p->max_agreements) &&
         ok;
    return field_uint(r->diags, node_get(node, "pin_entries"), "pin_entries", 1, UINT32_MAX,
                      &p->max_pin_entries) &&
           ok;
}

/* ---- the profile ---- */

static bool read_abi(struct reader *r, const struct node *node)
{
    static const char *const abis[] = {"sysv", "ms"};
    size_t place = 0;
    bool ok = field_choice(r->diags, node, "abi", abis, COUNT(abis), &place);
    r->profile->abi = abis[place];
    return ok;
}

static bool read_reader(struct reader *r, const struct node *node)
{
    return field_text(r->diags, node, "reader", &r->profile->reader);
}

static bool read_card_name(struct reader *r, const struct node *node)
{
    return field_text(r->diags, node, "card_name", &r->profile->card_name);
}

static const struct {
    const char *name;
    bool (*read)(struct reader *r, const struct node *node);
} profile_keys[] = {
    {"driver", read_driver},       {"abi", read_abi},         {"reader", read_reader},
    {"card_name", read_card_name}, {"pins", read_pins},       {"capabilities", read_capabilities},
    {"hooks", read_hooks},         {"budgets", read_budgets}, {"waivers", read_waivers},
};

bool profile_read(struct diags *diags, struct arena *keep, const struct node *doc, const char *file,
                  struct profile *out)
{
    const char *names[COUNT(profile_keys)];
    struct reader r = {diags, keep, out};
    *out = (struct profile){.file = arena_strdup(keep, file), .node = doc};
    for (size_t i = 0; i < COUNT(profile_keys); i++)
        names[i] = profile_keys[i].name;
    if (doc->kind == NODE_MAP && !refuse_values(&r, doc))
        return false;
    bool ok = fields_check(diags, doc, "a profile", names, COUNT(names));
    for (size_t i = 0; doc->kind == NODE_MAP && i < COUNT(profile_keys); i++) {
        const struct node *value = node_get(doc, profile_keys[i].name);
        if (value != NULL)
            ok = profile_keys[i].read(&r, value) && ok;
    }
    return ok;
}

const char *profile_path(struct arena *keep, const struct profile *profile, const char *path)
{
    const char *slash = profile->file == NULL ? NULL : strrchr(profile->file, '/');
    if (path[0] == '/' || slash == NULL)
        return path;
    return arena_printf(keep, "%.*s/%s", (int)(slash - profile->file), profile->file, path);
}

/* Names of variables are kept, their values are not: they may be anything. */
static struct node *env_names(struct arena *keep, const struct node *env)
{
    struct node *list = node_new_list(keep);
    for (const struct node *item = env->first; item != NULL; item = item->next)
        node_append(list, node_new_string(keep, arena_strdup(keep, item->key)));
    return list;
}

struct node *profile_public_node(struct arena *keep, const struct profile *profile)
{
    struct node *map = node_new_map(keep);
    const struct node *entry = profile->node != NULL ? profile->node->first : NULL;
    if (profile->file != NULL)
        node_add(map, "file", node_new_string(keep, profile->file));
    for (; entry != NULL; entry = entry->next) {
        if (strcmp(entry->key, "driver") != 0) {
            struct node *copy = node_copy(keep, entry);
            node_add(map, entry->key, copy);
            continue;
        }
        struct node *driver = node_add(map, "driver", node_new_map(keep));
        for (const struct node *item = entry->first; item != NULL; item = item->next)
            node_add(driver, item->key,
                     strcmp(item->key, "env") == 0 ? env_names(keep, item) : node_copy(keep, item));
    }
    return map;
}
