/* SPDX-License-Identifier: Apache-2.0 */
#include "kdf_default.h"

#include "mdcts/cng.h"

#include <string.h>

#define BYTES(text)                                                                                \
    {                                                                                              \
        (const uint8_t *)(text), sizeof(text) - 1                                                  \
    }
#define NEED(parameter, bytes)                                                                     \
    {                                                                                              \
        .type = (parameter), .type_name = #parameter, .value = BYTES(bytes),                       \
        .cb = sizeof(bytes) - 1                                                                    \
    }
#define SEED_8    "\1\2\3\4\5\6\7\10"
#define SEED_64   SEED_8 SEED_8 SEED_8 SEED_8 SEED_8 SEED_8 SEED_8 SEED_8
#define NEEDS_MAX 3

/* clang-format off */
static const struct kdf_row {
    const char *name;
    struct parameter needs[NEEDS_MAX];
    size_t need_count;
    bool hash; /* takes KDF_HASH_ALGORITHM */
} kdf_rows[] = {
    {"HASH", {{0}}, 0, true},
    {"HMAC", {NEED(KDF_HMAC_KEY, "\3\6\11")}, 1, true},
    {"TLS_PRF", {NEED(KDF_TLS_PRF_LABEL, "label"), NEED(KDF_TLS_PRF_SEED, SEED_64)}, 2, false},
    {"SP800_56A_CONCAT",
     {NEED(KDF_ALGORITHMID, "A"), NEED(KDF_PARTYUINFO, "U"), NEED(KDF_PARTYVINFO, "V")}, 3, false},
    {"TRUNCATE", {{0}}, 0, false},
};
/* clang-format on */

static bool is_supported(const struct node *capabilities, const char *name)
{
    const struct node *kdfs = node_get(capabilities, "kdfs");
    if (kdfs == NULL)
        return true;
    for (const struct node *kdf = kdfs->first; kdf != NULL; kdf = kdf->next)
        if (node_text(kdf) != NULL && strcmp(node_text(kdf), name) == 0)
            return true;
    return false;
}

static void prepend(struct arena *arena, const struct parameter *needs, size_t count,
                    struct parameter_list *parameters)
{
    struct parameter *items = arena_array(arena, struct parameter, count + parameters->count);
    memcpy(items, needs, count * sizeof *items);
    if (parameters->count > 0)
        memcpy(items + count, parameters->items, parameters->count * sizeof *items);
    parameters->items = items;
    parameters->count += count;
    parameters->kind = PARAMETERS_LIST;
}

static bool has_hash(const struct parameter_list *parameters)
{
    for (size_t i = 0; i < parameters->count; i++)
        if (parameters->items[i].type == KDF_HASH_ALGORITHM)
            return true;
    return false;
}

/* A hash is named, so that a driver whose default differs is wrong about the default alone. */
static void prepend_hash(struct arena *arena, const struct node *capabilities,
                         struct parameter_list *parameters)
{
    const char *chosen = NULL;
    const struct node *hashes = node_get(capabilities, "hashes");
    for (const struct node *h = hashes == NULL ? NULL : hashes->first; h != NULL; h = h->next)
        if (node_text(h) != NULL && (chosen == NULL || strcmp(node_text(h), "SHA256") == 0))
            chosen = node_text(h);
    struct parameter hash = {.type = KDF_HASH_ALGORITHM, .type_name = "KDF_HASH_ALGORITHM"};
    if (chosen == NULL || has_hash(parameters) ||
        !bytes_from_utf8_as_utf16(arena, chosen, &hash.value))
        return;
    hash.cb = (uint32_t)hash.value.len;
    prepend(arena, &hash, 1, parameters);
}

const char *kdf_default(struct arena *arena, const struct node *capabilities,
                        struct parameter_list *parameters)
{
    const struct kdf_row *row = &kdf_rows[0];
    for (size_t i = 0; i < sizeof kdf_rows / sizeof kdf_rows[0]; i++) {
        if (is_supported(capabilities, kdf_rows[i].name)) {
            row = &kdf_rows[i];
            break;
        }
    }
    bool may_add = parameters->kind == PARAMETERS_UNSAID || parameters->kind == PARAMETERS_LIST;
    if (row->need_count > 0 && may_add)
        prepend(arena, row->needs, row->need_count, parameters);
    if (row->hash && may_add)
        prepend_hash(arena, capabilities, parameters);
    return row->name;
}
