/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario_argument.h"

#include "fields.h"
#include "step_role.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- operations ---- */

/* clang-format off */
static const struct op_row ops[] = {
    {"acquire",            STEP_ACQUIRE,            "CardAcquireContext", "makes a context"},
    {"delete_context",     STEP_DELETE_CONTEXT,     "CardDeleteContext", "deletes the context"},
    {"authenticate",       STEP_AUTHENTICATE,       NULL, "presents a PIN"},
    {"deauthenticate",     STEP_DEAUTHENTICATE,     NULL, "ends the authentication"},
    {"construct",          STEP_CONSTRUCT,          "CardConstructDHAgreement",
     "makes an agreement with a peer's key"},
    {"derive",             STEP_DERIVE,             "CardDeriveKey", "derives a key from an agreement"},
    {"destroy",            STEP_DESTROY,            "CardDestroyDHAgreement", "destroys an agreement"},
    {"destroy_key",        STEP_DESTROY_KEY,        "CardDestroyKey", "destroys a key handle"},
    {"container_info",     STEP_CONTAINER_INFO,     "CardGetContainerInfo",
     "reads a container's public keys"},
    {"query_key_sizes",    STEP_QUERY_KEY_SIZES,    "CardQueryKeySizes", "asks for the sizes of a key type"},
    {"capabilities",       STEP_CAPABILITIES,       "CardQueryCapabilities", "asks for the capabilities"},
    {"get_property",       STEP_GET_PROPERTY,       "CardGetProperty", "reads a property of the card"},
    {"container_property", STEP_CONTAINER_PROPERTY, "CardGetContainerProperty",
     "reads a property of a container"},
    {"read_file",          STEP_READ_FILE,          "CardReadFile", "reads a file"},
    {"call",               STEP_CALL,               NULL, "calls an entry point"},
    {"begin_transaction",  STEP_BEGIN_TRANSACTION,  NULL, "begins a transaction"},
    {"end_transaction",    STEP_END_TRANSACTION,    NULL, "ends the transaction"},
    {"reset",              STEP_RESET,              NULL, "resets the card"},
    {"remove",             STEP_REMOVE,             NULL, "removes the card"},
    {"insert",             STEP_INSERT,             NULL, "inserts the card again"},
    {"reconnect",          STEP_RECONNECT,          NULL, "reconnects and writes new handles into CARD_DATA"},
    {"foreign",            STEP_FOREIGN,            NULL, "lets another client send a command to the card"},
    {"relate",             STEP_RELATE,             NULL, "compares results of earlier steps"},
    {"ledger",             STEP_LEDGER,             NULL, "notes how much memory the driver holds"},
    {"set_card_data",      STEP_SET_CARD_DATA,      NULL,
     "sets members of CARD_DATA, as a caller may between calls"},
};
/* clang-format on */

const struct op_row *op_find(const char *name)
{
    for (size_t i = 0; i < COUNT(ops); i++)
        if (strcmp(ops[i].name, name) == 0)
            return &ops[i];
    return NULL;
}

const struct op_row *op_by_number(enum step_op op)
{
    for (size_t i = 0; i < COUNT(ops); i++)
        if (ops[i].op == op)
            return &ops[i];
    return NULL;
}

const char *const *op_names(size_t *count)
{
    static const char *names[COUNT(ops)];
    for (size_t i = 0; i < COUNT(ops); i++)
        names[i] = ops[i].name;
    *count = COUNT(ops);
    return names;
}

/* ---- kinds of arguments ---- */

typedef bool argument_check(struct diags *diags, const struct node *node, const char *what);

static bool one_of(struct diags *diags, const struct node *node, const char *what,
                   const char *const *names, size_t count)
{
    size_t place;
    return field_choice(diags, node, what, names, count, &place);
}

static bool is_dword(struct diags *diags, const struct node *node, const char *what)
{
    uint64_t value;
    return field_uint(diags, node, what, 0, UINT32_MAX, &value);
}

static bool is_number(struct diags *diags, const struct node *node, const char *what)
{
    uint64_t value;
    return field_uint(diags, node, what, 0, UINT64_MAX, &value);
}

static bool is_place(struct diags *diags, const struct node *node, const char *what)
{
    uint64_t value;
    return field_uint(diags, node, what, 1, 256, &value);
}

static bool is_reader(struct diags *diags, const struct node *node, const char *what)
{
    uint64_t value;
    return field_uint(diags, node, what, 1, STEP_READERS_MAX, &value);
}

static bool is_version_or_max(struct diags *diags, const struct node *node, const char *what)
{
    const char *text = node_text(node);
    uint64_t value;
    if ((text != NULL && strcmp(text, "max") == 0) ||
        (node_to_uint(node, &value) && value <= UINT32_MAX))
        return true;
    return field_wrong(diags, node, what, "a number or max");
}

static bool is_boolean(struct diags *diags, const struct node *node, const char *what)
{
    bool value;
    return field_bool(diags, node, what, &value);
}

static bool is_text(struct diags *diags, const struct node *node, const char *what)
{
    if (node_is_null(node))
        return diag_error(diags, node->at, "%s is text; NULL is sent with 'raw'", what);
    return node_is_scalar(node) || field_wrong(diags, node, what, "text");
}

/* Names that `as` binds. */
static bool is_name(struct diags *diags, const struct node *node, const char *what)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    const char *text = node_text(node);
    if (text != NULL && text[0] != '\0' && strspn(text, letters) == strlen(text))
        return true;
    return field_wrong(diags, node, what, "a name of letters, digits, '-' and '_'");
}

static bool is_reference(struct diags *diags, const struct node *node, const char *what)
{
    return reference_name(node) != NULL ||
           field_wrong(diags, node, what, "$NAME, a name that an earlier step binds with 'as'");
}

static bool is_agreement_index(struct diags *diags, const struct node *node, const char *what)
{
    struct agreement_ref ref;
    return (agreement_ref_read(node, &ref) && ref.kind != AGREEMENT_NAMED) ||
           field_wrong(diags, node, what, "a number from 0 to 255, unused or foreign");
}

static bool is_curve(struct diags *diags, const struct node *node, const char *what)
{
    return one_of(diags, node, what, curve_words.names, curve_words.count);
}

static bool is_container(struct diags *diags, const struct node *node, const char *what)
{
    static const char *const words[] = {"rsa", "sign-only", "ecdsa", "unused"};
    const char *text = node_text(node);
    uint64_t value;
    if (node_to_uint(node, &value) && value <= UINT8_MAX)
        return true;
    for (size_t i = 0; text != NULL && i < COUNT(words); i++)
        if (strcmp(words[i], text) == 0)
            return true;
    return field_wrong(diags, node, what,
                       "a number from 0 to 255, rsa, sign-only, ecdsa or unused");
}

static bool is_peer(struct diags *diags, const struct node *node, const char *what)
{
    static const char *const keys[] = {"same",  "leading_zeros", "point", "curve",
                                       "magic", "cbKey",         "length"};
    struct peer_spec peer;
    if (node->kind == NODE_MAP && !fields_check(diags, node, what, keys, COUNT(keys)))
        return false;
    if (peer_spec_read(node, &peer))
        return true;
    return diag_error(diags, node->at,
                      "%s must be new or a map of same: $NAME, leading_zeros: 1 or 2, point: "
                      "off-curve, zero, overflow, overflow-y, all-ones or infinity, curve, magic, "
                      "cbKey and length",
                      what);
}

bool argument_is_kdf(struct diags *diags, const struct node *node, const char *what)
{
    struct kdf_spec kdf;
    if (kdf_spec_read(node, &kdf))
        return true;
    const char *text = node_text(node);
    if (text == NULL)
        return field_wrong(diags, node, what, "the name of a KDF, {unknown: NAME}, any or null");
    const char *near = nearest_name(text, kdf_names.names, kdf_names.count);
    const char *hint =
        near == NULL ? "" : arena_printf(&diags->arena, "; did you mean '%s'?", near);
    return diag_error(diags, node->at,
                      "unknown KDF '%s'%s (to send an unknown name on purpose write {unknown: %s})",
                      text, hint, text);
}

bool argument_is_flags(struct diags *diags, const struct node *node, const char *what)
{
    uint32_t value;
    const struct node *item = node->kind == NODE_LIST ? node->first : node;
    if (flags_read(node, &value))
        return true;
    for (; item != NULL; item = item == node ? NULL : item->next) {
        if (!node_is_scalar(item) || flags_read(item, &value))
            continue;
        const char *names[16];
        size_t count = 0;
        for (; count < flag_table.count && count < COUNT(names); count++)
            names[count] = flag_table.rows[count].name;
        return field_unknown(diags, item->at, "flag", item->text, names, count);
    }
    return field_wrong(diags, node, what,
                       "a number, names of flags, a list of both or {bit: N} with N up to 31");
}

bool argument_is_parameters(struct diags *diags, const struct node *node, const char *what)
{
    struct arena scratch = {0};
    struct parameter_list list;
    const struct node *why = node;
    const char *problem = "";
    (void)what;
    bool ok = parameter_list_read(&scratch, node, &list, &why, &problem);
    if (!ok)
        diag_error(diags, why->kind == NODE_MAP || why->key == NULL ? why->at : why->key_at, "%s",
                   problem);
    arena_free(&scratch);
    return ok;
}

static bool is_output(struct diags *diags, const struct node *node, const char *what)
{
    struct output_spec output;
    return output_spec_read(node, &output) ||
           field_wrong(diags, node, what, "dialect, null or {size: exact or N, plus: N}");
}

static bool is_cipher(struct diags *diags, const struct node *node, const char *what)
{
    if (node_is_null(node) ||
        (node->kind == NODE_MAP && node->count == 1 && node_get_text(node, "unknown") != NULL))
        return true;
    return one_of(diags, node, what, cipher_names.names, cipher_names.count);
}

static bool is_role(struct diags *diags, const struct node *node, const char *what)
{
    static const char *const roles[] = {"user", "admin", ROLE_WORD_AGREEMENT, ROLE_WORD_NAMED};
    uint64_t value;
    if (node_to_uint(node, &value) && value <= UINT32_MAX)
        return true;
    return one_of(diags, node, what, roles, COUNT(roles));
}

/* What was written instead is not repeated: it may be a PIN. */
static bool is_pin(struct diags *diags, const struct node *node, const char *what)
{
    const char *text = node_text(node);
    if (node_is_null(node) ||
        (text != NULL && (strcmp(text, "profile") == 0 || strcmp(text, "wrong") == 0)))
        return true;
    return diag_error(
        diags, node->at,
        "%s must be profile, wrong or null; a PIN itself is never written into a case", what);
}

static bool is_pin_entry(struct diags *diags, const struct node *node, const char *what)
{
    static const char *const entries[] = {"CardAuthenticatePin", "CardAuthenticateEx"};
    return one_of(diags, node, what, entries, COUNT(entries));
}

static bool is_key_spec(struct diags *diags, const struct node *node, const char *what)
{
    uint64_t number;
    uint32_t value;
    const char *text = node_text(node);
    const char *names[16];
    size_t count = 0;
    if (node_to_uint(node, &number) && number <= UINT32_MAX)
        return true;
    if (text == NULL)
        return field_wrong(diags, node, what, "a number or the name of a key specification");
    if (name_table_find(&key_spec_table, text, &value))
        return true;
    for (; count < key_spec_table.count && count < COUNT(names); count++)
        names[count] = key_spec_table.rows[count].name;
    return field_unknown(diags, node->at, what, text, names, count);
}

static bool is_entry(struct diags *diags, const struct node *node, const char *what)
{
    return one_of(diags, node, what, entry_names.names, entry_names.count);
}

static bool is_bytes(struct diags *diags, const struct node *node, const char *what)
{
    struct arena scratch = {0};
    struct bytes bytes;
    bool ok = byte_value_read(&scratch, node, &bytes);
    arena_free(&scratch);
    return ok || field_wrong(diags, node, what, "bytes, such as hex:00A40400");
}

static bool is_reference_list(struct diags *diags, const struct node *node, const char *what)
{
    bool ok = node->kind == NODE_LIST && node->count >= 2;
    for (const struct node *item = node->first; ok && item != NULL; item = item->next)
        ok = reference_name(item) != NULL;
    return ok || field_wrong(diags, node, what, "a list of two or more names such as [$a, $b]");
}

/* ---- arguments ---- */

struct argument_row {
    enum step_op op;
    const char *name;
    argument_check *check;
    bool required;
};

/* clang-format off */
static const struct argument_row arguments[] = {
    {STEP_ACQUIRE,            "version",    is_version_or_max,      false},
    {STEP_ACQUIRE,            "flags",      argument_is_flags,      false},
    {STEP_ACQUIRE,            "as",         is_name,                false},
    {STEP_ACQUIRE,            "no_connect", is_boolean,             false},
    {STEP_ACQUIRE,            "guard",      is_boolean,             false},
    {STEP_ACQUIRE,            "process",    is_name,                false},
    {STEP_ACQUIRE,            "reader",     is_reader,              false},
    {STEP_AUTHENTICATE,       "role",       is_role,                false},
    {STEP_AUTHENTICATE,       "pin",        is_pin,                 false},
    {STEP_AUTHENTICATE,       "entry",      is_pin_entry,           false},
    {STEP_AUTHENTICATE,       "as",         is_name,                false},
    {STEP_DEAUTHENTICATE,     "role",       is_role,                false},
    {STEP_DEAUTHENTICATE,     "as",         is_name,                false},
    {STEP_CONSTRUCT,          "curve",      is_curve,               false},
    {STEP_CONSTRUCT,          "container",  is_container,           false},
    {STEP_CONSTRUCT,          "nth",        is_place,               false},
    {STEP_CONSTRUCT,          "peer",       is_peer,                false},
    {STEP_CONSTRUCT,          "version",    is_dword,               false},
    {STEP_CONSTRUCT,          "flags",      argument_is_flags,      false},
    {STEP_CONSTRUCT,          "as",         is_name,                false},
    {STEP_DERIVE,             "agreement",  is_reference,           false},
    {STEP_DERIVE,             "index",      is_agreement_index,     false},
    {STEP_DERIVE,             "kdf",        argument_is_kdf,        true},
    {STEP_DERIVE,             "flags",      argument_is_flags,      false},
    {STEP_DERIVE,             "parameters", argument_is_parameters, false},
    {STEP_DERIVE,             "version",    is_dword,               false},
    {STEP_DERIVE,             "output",     is_output,              false},
    {STEP_DERIVE,             "algorithm",  is_cipher,              false},
    {STEP_DERIVE,             "key_length", is_dword,               false},
    {STEP_DERIVE,             "guard",      is_boolean,             false},
    {STEP_DERIVE,             "as",         is_name,                false},
    {STEP_DESTROY,            "agreement",  is_reference,           false},
    {STEP_DESTROY,            "index",      is_agreement_index,     false},
    {STEP_DESTROY,            "flags",      argument_is_flags,      false},
    {STEP_DESTROY_KEY,        "key",        is_reference,           false},
    {STEP_DESTROY_KEY,        "handle",     is_number,              false},
    {STEP_CONTAINER_INFO,     "container",  is_container,           false},
    {STEP_CONTAINER_INFO,     "curve",      is_curve,               false},
    {STEP_CONTAINER_INFO,     "nth",        is_place,               false},
    {STEP_CONTAINER_INFO,     "version",    is_dword,               false},
    {STEP_CONTAINER_INFO,     "flags",      argument_is_flags,      false},
    {STEP_CONTAINER_INFO,     "as",         is_name,                false},
    {STEP_QUERY_KEY_SIZES,    "spec",       is_key_spec,            false},
    {STEP_QUERY_KEY_SIZES,    "curve",      is_curve,               false},
    {STEP_QUERY_KEY_SIZES,    "version",    is_dword,               false},
    {STEP_QUERY_KEY_SIZES,    "flags",      argument_is_flags,      false},
    {STEP_CAPABILITIES,       "version",    is_dword,               false},
    {STEP_GET_PROPERTY,       "name",       is_text,                true},
    {STEP_GET_PROPERTY,       "flags",      is_key_spec,            false},
    {STEP_CONTAINER_PROPERTY, "container",  is_container,           false},
    {STEP_CONTAINER_PROPERTY, "curve",      is_curve,               false},
    {STEP_CONTAINER_PROPERTY, "nth",        is_place,               false},
    {STEP_CONTAINER_PROPERTY, "name",       is_text,                true},
    {STEP_CONTAINER_PROPERTY, "flags",      argument_is_flags,      false},
    {STEP_READ_FILE,          "directory",  is_text,                true},
    {STEP_READ_FILE,          "file",       is_text,                true},
    {STEP_READ_FILE,          "flags",      argument_is_flags,      false},
    {STEP_CALL,               "entry",      is_entry,               true},
    {STEP_FOREIGN,            "apdu",       is_bytes,               true},
    {STEP_LEDGER,             "as",         is_name,                true},
    {STEP_RELATE,             "equal",      is_reference_list,      false},
    {STEP_RELATE,             "different",  is_reference_list,      false},
};

/* Exactly one of the two must be given. */
static const struct alternative {
    enum step_op op;
    const char *one, *other;
} alternatives[] = {
    {STEP_CONSTRUCT,          "curve",     "container"},
    {STEP_DERIVE,             "agreement", "index"},
    {STEP_DESTROY,            "agreement", "index"},
    {STEP_DESTROY_KEY,        "key",       "handle"},
    {STEP_CONTAINER_INFO,     "curve",     "container"},
    {STEP_CONTAINER_PROPERTY, "curve",     "container"},
    {STEP_QUERY_KEY_SIZES,    "spec",      "curve"},
    {STEP_RELATE,             "equal",     "different"},
};
/* clang-format on */

static const struct argument_row *argument_find(enum step_op op, const char *name)
{
    for (size_t i = 0; i < COUNT(arguments); i++)
        if (arguments[i].op == op && strcmp(arguments[i].name, name) == 0)
            return &arguments[i];
    return NULL;
}

static bool unknown_argument(struct diags *diags, const struct op_row *op, const struct node *arg)
{
    const char *names[COUNT(arguments)];
    size_t count = 0;
    for (size_t i = 0; i < COUNT(arguments); i++)
        if (arguments[i].op == op->op)
            names[count++] = arguments[i].name;
    if (count == 0)
        return diag_error(diags, arg->key_at, "%s takes no arguments", op->name);
    return field_unknown(diags, arg->key_at,
                         arena_printf(&diags->arena, "argument of %s", op->name), arg->key, names,
                         count);
}

static bool check_completeness(struct diags *diags, const struct op_row *op,
                               const struct node *args)
{
    bool ok = true;
    for (size_t i = 0; i < COUNT(arguments); i++)
        if (arguments[i].op == op->op && arguments[i].required &&
            node_get(args, arguments[i].name) == NULL)
            ok = diag_error(diags, args->at, "%s needs '%s'", op->name, arguments[i].name);
    for (size_t i = 0; i < COUNT(alternatives); i++) {
        const struct alternative *a = &alternatives[i];
        int given = (node_get(args, a->one) != NULL) + (node_get(args, a->other) != NULL);
        if (a->op == op->op && given != 1)
            ok = diag_error(diags, args->at, "%s needs %s '%s' or '%s'", op->name,
                            given == 0 ? "either" : "only one of", a->one, a->other);
    }
    return ok;
}

bool arguments_check(struct diags *diags, const struct op_row *op, const struct node *args)
{
    bool ok = true;
    if (args->kind != NODE_MAP && !node_is_null(args))
        return field_wrong(diags, args, arena_printf(&diags->arena, "arguments of %s", op->name),
                           "a map");
    for (const struct node *arg = args->first; arg != NULL; arg = arg->next) {
        const struct argument_row *row = argument_find(op->op, arg->key);
        if (row == NULL)
            ok = unknown_argument(diags, op, arg);
        else
            ok = row->check(diags, arg,
                            arena_printf(&diags->arena, "%s of %s", arg->key, op->name)) &&
                 ok;
    }
    return check_completeness(diags, op, args) && ok;
}
