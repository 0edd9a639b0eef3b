/* SPDX-License-Identifier: Apache-2.0 */
#include "probe_report.h"

#include "probe.h"

#include <string.h>
#include <strings.h>

/* What a comment says about each capability; the order of the file. */
#define CURVES_MAX 8

static const struct {
    const char *key, *found, *comment; /* found NULL: put together from the containers */
} rows[] = {
    {"versions", "driver_versions", "CARD_DATA versions that it accepts as asked"},
    {"curves", NULL, "of the keys that agree"},
    {"dh", "dh", "it has CardConstructDHAgreement, CardDeriveKey, CardDestroyDHAgreement"},
    {"kdfs", "kdfs", "names that CardDeriveKey takes"},
    {"hashes", "hashes", "names that KDF_HASH_ALGORITHM takes"},
    {"size_only", "size_only", "dwFlags of CardDeriveKey: CARD_BUFFER_SIZE_ONLY tells the size"},
    {"hmac_secret", "hmac_secret",
     "dwFlags of CardDeriveKey: KDF_USE_SECRET_AS_HMAC_KEY_FLAG works"},
    {"key_handles", "key_handles", "dwFlags of CardDeriveKey: CARD_RETURN_KEY_HANDLE works"},
    {"secret_handles", "secret_handles", "KDF_NCRYPT_SECRET_HANDLE parameters work"},
    {"no_card_mode", "no_card_mode",
     "dwFlags of CardAcquireContext: CARD_SECURE_KEY_INJECTION_NO_CARD_MODE works"},
    {"agreements", "agreements", "alive at once; probing stops at 9"},
    {"output", "output", "who allocates pbDerivedKey: callee, caller, or both work"},
    {"pin", "pin", "how often an agreement needs the PIN: once, always (anew each time), never"},
    {"pin_roles", "driver_pin_roles", "the PINs that its PIN List names"},
    {"deauthenticate", "deauthenticate", "the PIN's effect can be undone without a reset"},
};

/* Words that YAML takes for nothing else. */
static bool is_word(const char *text)
{
    static const char *const others[] = {"y",    "n",     "yes", "no",   "on",
                                         "true", "false", "off", "null", "nan"};
    bool letter = (*text >= 'A' && *text <= 'Z') || (*text >= 'a' && *text <= 'z');
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        letter = letter && strcasecmp(text, others[i]) != 0;
    return letter && text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                       "0123456789_-")] == '\0';
}

/* YAML quotes whatever could be read as something else. */
static void print_scalar(FILE *to, const struct node *node)
{
    if (node->kind == NODE_PLAIN || is_word(node->text)) {
        fputs(node->text, to);
        return;
    }
    fputc('"', to);
    for (const unsigned char *c = (const unsigned char *)node->text; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            fputc('\\', to);
        if (*c < 0x20 || *c == 0x7F)
            fprintf(to, "\\x%02x", *c);
        else
            fputc(*c, to);
    }
    fputc('"', to);
}

static void print_flow(FILE *to, const struct node *node)
{
    if (node->kind != NODE_LIST && node->kind != NODE_MAP) {
        print_scalar(to, node);
        return;
    }
    bool map = node->kind == NODE_MAP;
    fputc(map ? '{' : '[', to);
    for (const struct node *item = node->first; item != NULL; item = item->next) {
        if (item != node->first)
            fputs(", ", to);
        if (map)
            fprintf(to, "%s: ", item->key);
        print_flow(to, item);
    }
    fputc(map ? '}' : ']', to);
}

/* The curves of the containers that agree, each once, in their order. */
static void print_curves(FILE *to, const struct node *containers)
{
    const struct node *row = containers == NULL ? NULL : containers->first;
    const char *printed[CURVES_MAX];
    size_t count = 0;
    fputc('[', to);
    for (; row != NULL && count < CURVES_MAX; row = row->next) {
        const char *curve = node_get_text(row, "curve"), *use = node_get_text(row, "use");
        bool again = curve == NULL || use == NULL || strcmp(use, "agree") != 0;
        for (size_t i = 0; i < count && !again; i++)
            again = strcmp(printed[i], curve) == 0;
        if (again)
            continue;
        fprintf(to, "%s%s", count == 0 ? "" : ", ", curve);
        printed[count++] = curve;
    }
    fputc(']', to);
}

/* How what isn't in the value was refused, behind it. */
static void print_refusals(FILE *to, const struct node *refusals, const struct node *value)
{
    size_t count = 0;
    for (const struct node *one = refusals == NULL ? NULL : refusals->first; one != NULL;
         one = one->next) {
        const struct node *item = value->kind == NODE_LIST ? value->first : NULL;
        bool on = false;
        while (item != NULL && strcmp(node_text(item), one->key) != 0)
            item = item->next;
        /* One way of asking for it was refused, another one worked. */
        if (item == NULL && !(node_to_bool(value, &on) && on))
            fprintf(to, "%s%s: %s", count++ == 0 ? " # " : ", ", one->key, node_text(one));
    }
}

/* The end of a container's line: where its key was found, and why it is none that agrees. */
static void print_remark(FILE *to, const struct node *row, const struct node *refusals)
{
    const char *place = node_get_text(row, "blob"), *use = node_get_text(row, "use");
    const char *code = node_get_text(refusals, node_get_text(row, "index"));
    bool elsewhere = place != NULL && strcmp(place, "sig") == 0;
    bool refused = code != NULL && use != NULL && strcmp(use, "agree") != 0;
    fputs("}", to);
    if (elsewhere)
        fputs(" # told in pbSigPublicKey", to);
    if (refused)
        fprintf(to, "%s agreement: %s", elsewhere ? "," : " #", code);
    fputc('\n', to);
}

static void print_containers(FILE *to, const struct node *containers, const struct node *refusals)
{
    static const char *const keys[] = {"curve", "use"};
    fputs(
        "  # use: agree (an agreement worked), rsa, unknown; say 'sign' where a key may only sign\n"
        "  # pin: the PIN_ID that opens its key, as found by trying or else as the driver tells "
        "it, 1 "
        "is the user's;\n"
        "  # 0: an agreement worked without\n"
        "  containers:\n",
        to);
    for (const struct node *row = containers == NULL ? NULL : containers->first; row != NULL;
         row = row->next) {
        fprintf(to, "    - {index: %s", node_get_text(row, "index"));
        for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
            if (node_get_text(row, keys[i]) != NULL)
                fprintf(to, ", %s: %s", keys[i], node_get_text(row, keys[i]));
        bool is_free = node_get_bool(row, "without_pin", false);
        const char *role = node_get_text(row, "role");
        const char *pin = is_free ? "0" : role != NULL ? role : node_get_text(row, "pin");
        if (pin != NULL && (is_free || strcmp(pin, "0") != 0))
            fprintf(to, ", pin: %s", pin);
        print_remark(to, row, refusals);
    }
    if (containers == NULL || containers->first == NULL)
        fputs("    []\n", to);
}

/* Dialects that no case depends on, or that can't be declared: told, no more. */
static void print_dialects(FILE *to, const struct node *capabilities)
{
    static const struct {
        const char *found, *comment;
    } told[] = {
        {"pin_pad", "the user's PIN is entered on the reader, as PIN Information says"},
        {"read_only", "the card is read-only, as Read Only Mode says"},
        {"first_index", "the index of a context's first agreement"},
        {"handle", "what CspGetDHAgreement is handed of a secret handle's BCryptBuffer"},
    };
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++)
        if (node_get_text(capabilities, told[i].found) != NULL)
            fprintf(to, "# %s: %s\n", told[i].comment, node_get_text(capabilities, told[i].found));
}

static void print_text(FILE *to, const char *indent, const char *key, const char *text)
{
    struct node node = {.kind = NODE_STRING, .text = text};
    fprintf(to, "%s%s: ", indent, key);
    print_scalar(to, &node);
    fputc('\n', to);
}

/* Those of the profile that probing went by; a real card's user has one in any case.  What is
 * missing is told and not written: a run that can't find it would end. */
static void print_pins(FILE *to, const struct session *session, const char *missing)
{
    const struct node *pins = node_get(session->profile.node, "pins");
    if (pins != NULL && pins->first != NULL) {
        fputs("pins:\n", to);
        for (const struct node *pin = pins->first; pin != NULL; pin = pin->next) {
            fputs("  - ", to);
            print_flow(to, pin);
            fputc('\n', to);
        }
    } else if (!session->is_virtual) {
        fputs("pins:\n  - {id: user, source: \"env:MDCTS_PIN\"}\n", to);
    }
    if (missing != NULL && strcmp(missing, "user") != 0)
        fprintf(to,
                "# a key that agrees wants PIN %s: pins: [{id: %s, source: \"env:VARIABLE\"}]\n",
                missing, missing);
}

bool probe_report_write(FILE *to, const struct session *session, const struct node *capabilities)
{
    fputs("# A driver profile, as `mdcts probe` found it.  Edit it: what is declared here and "
          "refused\n"
          "# by the driver fails.\n"
          "driver:\n",
          to);
    print_text(to, "  ", "path", session->env.driver);
    print_text(to, "", "reader", session->is_virtual ? "virtual" : session->readers[0]);
    print_pins(to, session, probe_pin_missing(capabilities));
    fputs("capabilities:\n", to);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool curves = rows[i].found == NULL;
        const struct node *value = curves ? NULL : node_get(capabilities, rows[i].found);
        if (value == NULL && !curves)
            continue;
        fprintf(to, "  # %s\n  %s: ", rows[i].comment, rows[i].key);
        if (curves)
            print_curves(to, node_get(capabilities, "containers"));
        else
            print_flow(to, value);
        if (!curves)
            print_refusals(to, node_get(node_get(capabilities, "refused"), rows[i].key), value);
        fputc('\n', to);
    }
    print_containers(to, node_get(capabilities, "containers"),
                     node_get(node_get(capabilities, "refused"), "containers"));
    print_dialects(to, capabilities);
    return fflush(to) == 0 && !ferror(to);
}
