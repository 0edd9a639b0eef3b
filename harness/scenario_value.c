/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario_value.h"

#include <string.h>

const char *reference_name(const struct node *node)
{
    const char *text = node_text(node);
    return text != NULL && text[0] == '$' && text[1] != '\0' ? text + 1 : NULL;
}

static bool text_is(const struct node *node, const char *word)
{
    const char *text = node_text(node);
    return text != NULL && strcmp(text, word) == 0;
}

bool agreement_ref_read(const struct node *node, struct agreement_ref *out)
{
    *out = (struct agreement_ref){.kind = AGREEMENT_INDEX};
    if (node_to_uint(node, &out->index))
        return out->index <= UINT8_MAX;
    out->name = reference_name(node);
    if (out->name != NULL)
        out->kind = AGREEMENT_NAMED;
    else if (text_is(node, "unused"))
        out->kind = AGREEMENT_UNUSED;
    else if (text_is(node, "foreign"))
        out->kind = AGREEMENT_FOREIGN;
    else
        return false;
    return true;
}

/* ---- peers ---- */

static bool read_word(const struct node *map, const char *key, bool *has, uint32_t *out)
{
    const struct node *node = node_get(map, key);
    uint64_t value;
    if (node == NULL)
        return true;
    if (!node_to_uint(node, &value) || value > UINT32_MAX)
        return false;
    *has = true;
    *out = (uint32_t)value;
    return true;
}

static bool read_point(const struct node *node, enum peer_point *out)
{
    static const struct {
        const char *name;
        enum peer_point point;
    } points[] = {
        {"off-curve", POINT_OFF_CURVE}, {"zero", POINT_ZERO},
        {"overflow", POINT_OVERFLOW},   {"overflow-y", POINT_OVERFLOW_Y},
        {"all-ones", POINT_ALL_ONES},   {"infinity", POINT_INFINITY},
    };
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        if (text_is(node, points[i].name)) {
            *out = points[i].point;
            return true;
        }
    }
    return node == NULL;
}

static bool has_only(const struct node *map, const char *const *names, size_t count)
{
    for (const struct node *entry = map->first; entry != NULL; entry = entry->next) {
        bool known = false;
        for (size_t i = 0; i < count && !known; i++)
            known = strcmp(names[i], entry->key) == 0;
        if (!known)
            return false;
    }
    return true;
}

static bool read_peer_map(const struct node *map, struct peer_spec *out)
{
    static const char *const keys[] = {"same",  "leading_zeros", "point", "curve",
                                       "magic", "cbKey",         "length"};
    const struct node *same = node_get(map, "same"), *zeros = node_get(map, "leading_zeros");
    uint64_t count = 0;
    if (!has_only(map, keys, sizeof keys / sizeof keys[0]))
        return false;
    out->same = reference_name(same);
    if (same != NULL && out->same == NULL)
        return false;
    if (zeros != NULL && (!node_to_uint(zeros, &count) || count < 1 || count > 2))
        return false;
    out->leading_zeros = (unsigned)count;
    out->curve = node_get_text(map, "curve");
    if (node_get(map, "curve") != NULL &&
        (out->curve == NULL || !text_table_has(&curve_names, out->curve)))
        return false;
    return read_point(node_get(map, "point"), &out->point) &&
           read_word(map, "magic", &out->has_magic, &out->magic) &&
           read_word(map, "cbKey", &out->has_cb_key, &out->cb_key) &&
           read_word(map, "length", &out->has_length, &out->length) &&
           out->length <= VALUE_BYTES_MAX;
}

bool peer_spec_read(const struct node *node, struct peer_spec *out)
{
    *out = (struct peer_spec){.point = POINT_VALID};
    if (node == NULL || text_is(node, "new"))
        return true;
    return node->kind == NODE_MAP && read_peer_map(node, out);
}

/* ---- KDFs, flags, outputs ---- */

/* {unknown: TEXT} says that a name is meant to be unknown. */
static const char *unknown_name(const struct node *node)
{
    return node != NULL && node->kind == NODE_MAP && node->count == 1
               ? node_get_text(node, "unknown")
               : NULL;
}

bool kdf_spec_read(const struct node *node, struct kdf_spec *out)
{
    *out = (struct kdf_spec){.kind = KDF_NULL};
    if (node_is_null(node))
        return true;
    out->name = unknown_name(node);
    if (out->name != NULL) {
        out->kind = KDF_UNKNOWN;
        return true;
    }
    out->name = node_text(node);
    out->kind = text_is(node, "any") ? KDF_ANY : KDF_NAMED;
    return out->kind == KDF_ANY || (out->name != NULL && text_table_has(&kdf_names, out->name));
}

static bool read_flag(const struct node *node, uint32_t *out)
{
    uint64_t value;
    uint32_t named;
    const char *text = node_text(node);
    if (node_to_uint(node, &value) && value <= UINT32_MAX)
        named = (uint32_t)value;
    else if (text == NULL || !name_table_find(&flag_table, text, &named))
        return false;
    *out |= named;
    return true;
}

bool flags_read(const struct node *node, uint32_t *out)
{
    uint64_t bit;
    *out = 0;
    if (node == NULL)
        return true;
    if (node->kind == NODE_MAP) {
        if (node->count != 1 || !node_to_uint(node_get(node, "bit"), &bit) || bit > 31)
            return false;
        *out = (uint32_t)1 << bit;
        return true;
    }
    if (node->kind != NODE_LIST)
        return read_flag(node, out);
    for (const struct node *item = node->first; item != NULL; item = item->next)
        if (!read_flag(item, out))
            return false;
    return true;
}

bool output_spec_read(const struct node *node, struct output_spec *out)
{
    static const char *const keys[] = {"size", "plus"};
    *out = (struct output_spec){.kind = OUTPUT_DIALECT};
    if (node == NULL || text_is(node, "dialect"))
        return true;
    if (node_is_null(node)) {
        out->kind = OUTPUT_NULL;
        return true;
    }
    if (node->kind != NODE_MAP || !has_only(node, keys, 2))
        return false;
    out->kind = OUTPUT_BUFFER;
    out->exact = text_is(node_get(node, "size"), "exact");
    if (!out->exact &&
        (!node_to_uint(node_get(node, "size"), &out->size) || out->size > UINT32_MAX))
        return false;
    const struct node *plus = node_get(node, "plus");
    return plus == NULL ||
           (node_to_int(plus, &out->plus) && out->plus >= -65536 && out->plus <= VALUE_BYTES_MAX);
}

/* ---- bytes ---- */

static bool read_repeated(struct arena *keep, const struct node *node, struct bytes *out)
{
    uint64_t count;
    struct bytes unit;
    const struct node *repeat = node_get(node, "repeat");
    if (repeat == NULL || repeat->kind != NODE_STRING || node->count != 2 ||
        !bytes_from_hex(keep, repeat->text, &unit) ||
        !node_to_uint(node_get(node, "count"), &count))
        return false;
    if (unit.len == 0 || count > VALUE_BYTES_MAX / unit.len)
        return false;
    size_t len = (size_t)count * unit.len;
    uint8_t *data = arena_alloc(keep, len, 1);
    for (size_t have = 0, more; have < len; have += more) {
        more = have == 0 ? unit.len : have <= len - have ? have : len - have;
        memcpy(data + have, have == 0 ? unit.data : data, more);
    }
    *out = (struct bytes){data, len};
    return true;
}

static bool is_hex_text(const char *text)
{
    return text != NULL && strncmp(text, "hex:", 4) == 0;
}

bool byte_value_read(struct arena *keep, const struct node *node, struct bytes *out)
{
    const char *text = node_text(node);
    if (is_hex_text(text))
        return bytes_from_hex(keep, text + 4, out) && out->len <= VALUE_BYTES_MAX;
    return node != NULL && node->kind == NODE_MAP && read_repeated(keep, node, out);
}

bool raw_value_read(struct arena *keep, const struct node *node, struct raw_value *out)
{
    struct bytes utf16;
    *out = (struct raw_value){.kind = RAW_NULL};
    if (node_is_null(node))
        return true;
    out->kind = RAW_INTEGER;
    int64_t negative;
    if (node_to_uint(node, &out->integer))
        return true;
    if (node_to_int(node, &negative)) {
        out->integer = (uint64_t)negative;
        return true;
    }
    out->kind = RAW_BYTES;
    if (!node_is_scalar(node) || is_hex_text(node->text))
        return byte_value_read(keep, node, &out->bytes);
    out->kind = RAW_TEXT;
    out->text = node->text;
    return bytes_from_utf8_as_utf16(keep, node->text, &utf16);
}

/* ---- parameter lists ---- */

struct list_reader {
    struct arena *keep;
    const struct node *why;
    const char *problem;
};

static bool complain(struct list_reader *r, const struct node *node, const char *problem)
{
    r->why = node;
    r->problem = problem;
    return false;
}

static bool is_ascii(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text >= 0x80)
            return false;
    return true;
}

static const char *near_hint(struct list_reader *r, const char *text, const char *const *names,
                             size_t count)
{
    const char *near = nearest_name(text, names, count);
    return near == NULL ? "" : arena_printf(r->keep, "; did you mean '%s'?", near);
}

static bool read_hash_name(struct list_reader *r, const struct node *node, struct parameter *p)
{
    const char *name = unknown_name(node);
    if (name == NULL) {
        name = node_text(node);
        if (name == NULL)
            return complain(r, node, "a hash is a name, {unknown: NAME}, hex:... or null");
        if (!text_table_has(&hash_names, name))
            return complain(
                r, node,
                arena_printf(r->keep,
                             "unknown hash '%s'%s (to send an unknown name on purpose "
                             "write {unknown: %s})",
                             name, near_hint(r, name, hash_names.names, hash_names.count), name));
    }
    if (!bytes_from_utf8_as_utf16(r->keep, name, &p->value))
        return complain(r, node, "the name is no UTF-8");
    return true;
}

static bool read_number_value(struct list_reader *r, uint64_t value, struct parameter *p)
{
    uint8_t *data = arena_alloc(r->keep, 4, 1);
    for (size_t i = 0; i < 4; i++)
        data[i] = (uint8_t)(value >> (8 * i));
    p->value = (struct bytes){data, 4};
    return true;
}

static bool read_text_value(struct list_reader *r, const struct node *node, struct parameter *p)
{
    const char *text = node_text(node);
    if (text == NULL)
        return complain(r, node,
                        "a value is text, hex:..., null, a number, {repeat: HEX, count: N} "
                        "or {cb: N, value: ...}");
    if (!is_ascii(text))
        return complain(r, node, "the value must be ASCII; write other bytes as hex:...");
    p->value = bytes_copy(r->keep, (struct bytes){(const uint8_t *)text, strlen(text)});
    return true;
}

/* Reads a value into p->null, value or handle. */
static bool read_value(struct list_reader *r, const struct node *node, struct parameter *p)
{
    uint64_t number;
    uint32_t handle_type = 0;
    name_table_find(&parameter_table, "KDF_SECRET_HANDLE", &handle_type);
    if (node_is_null(node)) {
        p->null = true;
        return true;
    }
    bool repeated = node->kind == NODE_MAP && node_get(node, "repeat") != NULL;
    if (is_hex_text(node_text(node)) || repeated)
        return byte_value_read(r->keep, node, &p->value) ||
               complain(r, node, "bytes are written hex:0306 or {repeat: \"41\", count: 3}");
    if (node_to_uint(node, &number))
        return number <= UINT32_MAX ? read_number_value(r, number, p)
                                    : complain(r, node, "a number has 32 bits at most");
    if (p->type == handle_type && node_is_scalar(node)) {
        p->handle = node->text;
        return true;
    }
    if (p->type == 0)
        return read_hash_name(r, node, p);
    return read_text_value(r, node, p);
}

static bool read_sized_value(struct list_reader *r, const struct node *node, struct parameter *p)
{
    uint64_t cb;
    bool sized = node->kind == NODE_MAP && node_get(node, "cb") != NULL;
    if (!sized) {
        if (!read_value(r, node, p))
            return false;
        p->cb = p->handle != NULL ? 8 : (uint32_t)p->value.len;
        return true;
    }
    const struct node *value = node_get(node, "value");
    if (node->count != 2 || value == NULL)
        return complain(r, node, "a sized value is {cb: N, value: ...}");
    if (!node_to_uint(node_get(node, "cb"), &cb) || cb > UINT32_MAX)
        return complain(r, node_get(node, "cb"), "cb is a number of 32 bits");
    p->cb = (uint32_t)cb;
    return read_value(r, value, p);
}

static bool read_type(struct list_reader *r, const struct node *entry, struct parameter *p)
{
    struct node as_number = {.kind = NODE_PLAIN, .text = entry->key};
    uint64_t number;
    p->type_name = entry->key;
    if (name_table_find(&parameter_table, entry->key, &p->type))
        return true;
    if (node_to_uint(&as_number, &number) && number <= UINT32_MAX) {
        p->type = (uint32_t)number;
        return true;
    }
    const char *names[32];
    size_t count = 0;
    for (; count < parameter_table.count && count < sizeof names / sizeof names[0]; count++)
        names[count] = parameter_table.rows[count].name;
    return complain(r, entry,
                    arena_printf(r->keep, "unknown parameter type '%s'%s", entry->key,
                                 near_hint(r, entry->key, names, count)));
}

static bool read_items(struct list_reader *r, const struct node *list, struct parameter_list *out)
{
    if (list->count > PARAMETERS_MAX)
        return complain(r, list, "more parameters than PARAMETERS_MAX");
    out->items = arena_array(r->keep, struct parameter, list->count);
    for (const struct node *item = list->first; item != NULL; item = item->next) {
        struct parameter *p = &out->items[out->count];
        if (item->kind != NODE_MAP || item->count != 1)
            return complain(r, item, "a parameter is written {KDF_TYPE: VALUE}");
        if (!read_type(r, item->first, p) || !read_sized_value(r, item->first, p))
            return false;
        out->count++;
    }
    return true;
}

bool parameter_list_read(struct arena *keep, const struct node *node, struct parameter_list *out,
                         const struct node **why, const char **problem)
{
    struct list_reader r = {.keep = keep};
    bool ok = true;
    *out = (struct parameter_list){.kind = PARAMETERS_UNSAID};
    if (node == NULL)
        return true;
    if (node_is_null(node)) {
        out->kind = PARAMETERS_NULL;
    } else if (text_is(node, "empty")) {
        out->kind = PARAMETERS_EMPTY;
    } else if (node->kind == NODE_LIST) {
        out->kind = PARAMETERS_LIST;
        ok = read_items(&r, node, out);
    } else {
        ok = complain(&r, node, "parameters must be a list, null or empty");
    }
    if (!ok && why != NULL) {
        *why = r.why;
        *problem = r.problem;
    }
    return ok;
}
