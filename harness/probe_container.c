/* SPDX-License-Identifier: Apache-2.0 */
/* A container that isn't there, or that the driver calls unsupported, is nobody's question; one
 * whose key is told amiss is.  Where the key can be made out all the same, the cases ask about it;
 * what can't be is noted as answered wrongly. */
#include "probe_internal.h"

#include "mdcts/status.h"
#include "probe_key.h"
#include "status_name.h"

#include <inttypes.h>
#include <string.h>

#define RECORD_BYTES 86 /* of cmapfile */
#define MISSES_MAX   3  /* containers missing in a row before looking stops */

/* What the container map says. */
struct map {
    struct arena *arena;     /* the group's */
    const struct node *rows; /* NULL: there is none */
    uint64_t count;
};

static struct map read_map(struct probe *p)
{
    struct map map = {.arena = &p->arena};
    struct step_result r =
        probe_ask(p, "{\"read_file\":{\"directory\":\"mscp\",\"file\":\"cmapfile\"}}");
    if (!probe_succeeded(r) || node_get_uint(r.out, "pcbData", 0) < RECORD_BYTES)
        return map;
    map.rows = node_get(r.out, "container_map");
    map.count = node_get_uint(r.out, "pcbData", 0) / RECORD_BYTES;
    return map;
}

/* The map's record of a container; NULL if there is none, or none that is valid. */
static const struct node *valid_record(const struct map *map, uint32_t index)
{
    const struct node *row = map->rows == NULL ? NULL : map->rows->first;
    for (uint32_t i = 0; i < index && row != NULL; i++)
        row = row->next;
    return row == NULL || (node_get_uint(row, "flags", 0) & 1) == 0 ? NULL : row;
}

/* The curve that the map gives a valid container's key for agreements; NULL if none. */
static const struct curve *mapped_curve(const struct map *map, uint32_t index)
{
    const struct node *row = valid_record(map, index);
    uint64_t bits = row == NULL ? 0 : node_get_uint(row, "key_ex", 0);
    for (size_t i = 0; curve_at(i) != NULL; i++)
        if (curve_at(i)->bits == bits)
            return curve_at(i);
    return NULL;
}

/* The case of the public key asks about the first container of a curve. */
static bool is_asked_about(const struct probe *p, const struct curve *curve)
{
    const struct node *rows = node_get(p->found, "containers");
    for (const struct node *row = rows->first; row != NULL; row = row->next) {
        const char *name = node_get_text(row, "curve"), *use = node_get_text(row, "use");
        if (name != NULL && use != NULL && strcmp(name, curve->name) == 0 &&
            strcmp(use, "agree") == 0)
            return false;
    }
    return true;
}

static void note_bad_key(struct probe *p, uint32_t index, const struct curve *curve,
                         const char *observed)
{
    probe_note_wrong(p, "containers", "R227",
                     arena_printf(p->keep,
                                  "a BCRYPT_ECCKEY_BLOB of %s in pbKeyExPublicKey of "
                                  "container %" PRIu32,
                                  curve->name, index),
                     observed);
}

/* An ECDH key in pbKeyExPublicKey is a declaration that agreements work; for a key elsewhere, whose
 * magic may say anything, it is found by trying. */
static void add_key(struct probe *p, struct node *row, const struct node *out, const char *content,
                    const struct curve *mapped)
{
    struct bytes blob;
    uint32_t index = (uint32_t)node_get_uint(row, "index", 0);
    bool key_ex = strcmp(content, "key_ex") == 0;
    if (node_get(row, "use") != NULL || node_get(row, "curve") != NULL ||
        !node_get_hex(p->keep, out, content, &blob) || blob.len == 0)
        return;
    struct probed_key key = probe_key_read(blob);
    const struct curve *curve = key.curve != NULL ? key.curve : mapped;
    if (key.rsa)
        node_add(row, "use", node_new_string(p->keep, "rsa"));
    if (key.rsa || curve == NULL)
        return;
    if (key_ex && !key.well_made && (key.point.data == NULL || !is_asked_about(p, curve)))
        note_bad_key(p, index, curve, arena_printf(p->keep, "%zu bytes that are none", blob.len));
    if (key.point.data == NULL)
        return;
    node_add(row, "curve", node_new_string(p->keep, curve->name));
    node_add(row, "public", node_new_hex(p->keep, key.point));
    node_add(row, "blob", node_new_string(p->keep, key_ex ? "keyex" : "sig"));
    node_add(row, "magic", node_new_uint(p->keep, key.magic));
    if (key_ex && (key.magic == curve->ecdh_magic || !key.well_made))
        node_add(row, "use", node_new_string(p->keep, "agree"));
}

static struct node *container_row(struct probe *p, uint32_t index, const struct node *out,
                                  const struct curve *mapped)
{
    struct bytes blob;
    struct node *row = node_new_map(p->keep);
    node_add(row, "index", node_new_uint(p->keep, index));
    bool told = (node_get_hex(p->keep, out, "key_ex", &blob) && blob.len > 0) ||
                (node_get_hex(p->keep, out, "sig", &blob) && blob.len > 0);
    if (!told && mapped != NULL)
        note_bad_key(p, index, mapped, "success without a key, which the container map has");
    add_key(p, row, out, "key_ex", mapped);
    add_key(p, row, out, "sig", mapped);
    if (node_get(row, "curve") == NULL && node_get(row, "use") == NULL)
        node_add(row, "use", node_new_string(p->keep, "unknown"));
    return row;
}

/* No such container, or no such keys. */
static bool is_plain_refusal(uint32_t status)
{
    return status == SCARD_E_NO_KEY_CONTAINER || status == SCARD_E_UNSUPPORTED_FEATURE;
}

/* With the PIN, if that is what the driver wants, though nobody needs one for a public key. */
static struct step_result ask_container(struct probe *p, uint32_t index, const struct curve *mapped)
{
    static const char question[] = "{\"container_info\":{\"container\":%u}}";
    struct step_result r = probe_ask(p, question, index);
    bool wants_pin = r.ran && r.status == SCARD_W_SECURITY_VIOLATION;
    if (!r.ran || r.status == SCARD_S_SUCCESS || is_plain_refusal(r.status) ||
        (mapped == NULL && !wants_pin))
        return r;
    const char *name = status_name(r.status);
    probe_note_wrong(
        p, "containers", "R226",
        arena_printf(p->keep, "the public key of container %" PRIu32 ", without a PIN", index),
        name != NULL ? name : arena_printf(p->keep, "0x%08" PRIx32, r.status));
    if (wants_pin && probe_succeeded(probe_ask(p, "{\"authenticate\":{\"role\":\"user\"}}")))
        r = probe_ask(p, question, index);
    return r;
}

static void ask_all(struct probe *p, struct node *rows)
{
    /* With a map its length is the limit, whatever is missing in between; far up only what it calls
     * valid is asked for. */
    struct map map = read_map(p);
    uint64_t limit = map.count > 0 ? map.count : PROBE_CONTAINERS_MAX;
    uint32_t misses = 0;
    for (uint32_t i = 0; i < limit && i <= UINT8_MAX; i++) {
        const struct curve *mapped = mapped_curve(&map, i);
        if (i >= PROBE_CONTAINERS_MAX && valid_record(&map, i) == NULL)
            continue;
        struct step_result r = ask_container(p, i, mapped);
        if (probe_succeeded(r))
            node_append(rows, container_row(p, i, r.out, mapped));
        misses = probe_succeeded(r) ? 0 : misses + 1;
        if (map.count == 0 && misses >= MISSES_MAX && rows->first != NULL)
            break;
    }
}

void probe_containers(struct probe *p)
{
    struct node *rows = node_new_list(p->keep);
    probe_note(p, "containers", rows);
    if (!probe_group_begin(p, "probe/containers"))
        return;
    if (probe_acquire(p))
        ask_all(p, rows);
    probe_group_end(p);
}
