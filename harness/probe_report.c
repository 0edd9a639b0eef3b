/* SPDX-License-Identifier: Apache-2.0 */
#include "probe_report.h"

#include <string.h>

/* What a comment says about each capability; the order of the file. */
static const struct {
    const char *key, *found, *comment;
} rows[] = {
    {"versions", "driver_versions", "CARD_DATA versions that it accepts as asked"},
    {"dh", "dh", "it has CardConstructDHAgreement, CardDeriveKey, CardDestroyDHAgreement"},
    {"kdfs", "kdfs", "names that CardDeriveKey takes"},
    {"hashes", "hashes", "names that KDF_HASH_ALGORITHM takes"},
    {"hmac_secret", "hmac_secret", "KDF_USE_SECRET_AS_HMAC_KEY_FLAG works"},
    {"secret_handles", "secret_handles", "KDF_NCRYPT_SECRET_HANDLE parameters work"},
    {"key_handles", "key_handles", "CARD_RETURN_KEY_HANDLE works"},
    {"agreements", "agreements", "alive at once; probing stops at 9"},
    {"output", "output", "who allocates pbDerivedKey: callee, caller, or both work"},
    {"deauthenticate", "deauthenticate", "the PIN's effect can be undone without a reset"},
};

/* YAML quotes whatever could be read as something else. */
static void print_scalar(FILE *to, const struct node *node)
{
    if (node->kind == NODE_PLAIN) {
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

static void print_containers(FILE *to, const struct node *containers)
{
    static const char *const keys[] = {"curve", "use"};
    fputs(
        "  # use: agree (an agreement worked), rsa, unknown; say 'sign' where a key may only sign\n"
        "  containers:\n",
        to);
    for (const struct node *row = containers == NULL ? NULL : containers->first; row != NULL;
         row = row->next) {
        fprintf(to, "    - {index: %s", node_get_text(row, "index"));
        for (size_t i = 0; i < 2; i++)
            if (node_get_text(row, keys[i]) != NULL)
                fprintf(to, ", %s: %s", keys[i], node_get_text(row, keys[i]));
        fputs("}\n", to);
    }
    if (containers == NULL || containers->first == NULL)
        fputs("    []\n", to);
}

static void print_text(FILE *to, const char *indent, const char *key, const char *text)
{
    struct node node = {.kind = NODE_STRING, .text = text};
    fprintf(to, "%s%s: ", indent, key);
    print_scalar(to, &node);
    fputc('\n', to);
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
    if (!session->is_virtual)
        fputs("pins:\n  - {id: user, source: \"env:MDCTS_PIN\"}\n", to);
    fputs("capabilities:\n", to);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct node *value = node_get(capabilities, rows[i].found);
        if (value == NULL)
            continue;
        fprintf(to, "  # %s\n  %s: ", rows[i].comment, rows[i].key);
        print_flow(to, value);
        fputc('\n', to);
    }
    print_containers(to, node_get(capabilities, "containers"));
    return fflush(to) == 0 && !ferror(to);
}
