/* SPDX-License-Identifier: Apache-2.0 */
#include "secret_mask.h"

#include <ctype.h>
#include <string.h>

#define PATTERN_MAX     (2 * SECRET_LENGTH_MAX + 2)
#define SEPARATOR_MAX   3
#define ISO_BLOCK_BYTES 8

/* One form of a secret as bytes. */
struct pattern {
    uint8_t data[PATTERN_MAX];
    size_t len;
    bool alone; /* too short to be looked for: only as the whole value or framed by FF padding */
};

typedef bool pattern_maker(const struct secret *secret, struct pattern *out);

/* Values of these keys are prose, never hexadecimal, even when they look like it. */
static const char *const text_keys[] = {"text", "error", "why", "name", "missing", "what"};

static bool make_ascii(const struct secret *secret, struct pattern *out)
{
    memcpy(out->data, secret->text, secret->len);
    out->len = secret->len;
    out->alone = secret->len < SECRET_TEXT_MIN;
    return true;
}

static bool make_utf16(const struct secret *secret, struct pattern *out, size_t low_byte)
{
    memset(out->data, 0, 2 * secret->len);
    for (size_t i = 0; i < secret->len; i++)
        out->data[2 * i + low_byte] = (uint8_t)secret->text[i];
    out->len = 2 * secret->len;
    out->alone = secret->len < 2;
    return true;
}

static bool make_utf16_little(const struct secret *secret, struct pattern *out)
{
    return make_utf16(secret, out, 0);
}

static bool make_utf16_big(const struct secret *secret, struct pattern *out)
{
    return make_utf16(secret, out, 1);
}

/* Packed digits from nibble position first on; an odd last nibble is F. */
static bool pack_digits(const struct secret *secret, struct pattern *out, size_t first)
{
    size_t nibbles = first + secret->len;
    for (size_t i = 0; i < secret->len; i++) {
        if (!isdigit((unsigned char)secret->text[i]))
            return false;
        unsigned digit = (unsigned)(secret->text[i] - '0');
        size_t at = first + i;
        out->data[at / 2] = (uint8_t)(out->data[at / 2] | (at % 2 == 0 ? digit << 4 : digit));
    }
    if (nibbles % 2 != 0)
        out->data[nibbles / 2] |= 0x0F;
    out->len = (nibbles + 1) / 2;
    return true;
}

static bool make_bcd(const struct secret *secret, struct pattern *out)
{
    if (!pack_digits(secret, out, 0))
        return false;
    out->alone = out->len < SECRET_BCD_BYTES_MIN;
    return true;
}

/* ISO 9564 format 2: control nibble 2, length nibble, digits, F to eight bytes. */
static bool make_iso_block(const struct secret *secret, struct pattern *out)
{
    if (secret->len > 14)
        return false;
    out->data[0] = (uint8_t)(0x20 | secret->len);
    if (!pack_digits(secret, out, 2))
        return false;
    while (out->len < ISO_BLOCK_BYTES)
        out->data[out->len++] = 0xFF;
    return true;
}

static pattern_maker *const makers[] = {make_ascii, make_utf16_little, make_utf16_big, make_bcd,
                                        make_iso_block};

bool secret_mask_add(struct secret_mask *mask, const char *secret)
{
    size_t len = strlen(secret);
    if (len == 0 || len > SECRET_LENGTH_MAX || mask->count == SECRETS_MAX)
        return false;
    memcpy(mask->items[mask->count].text, secret, len + 1);
    mask->items[mask->count].len = len;
    mask->count++;
    return true;
}

void secret_mask_free(struct secret_mask *mask)
{
    explicit_bzero(mask, sizeof *mask);
}

/* Marks every place of the pattern, and the FF bytes behind it, which would give its length away.
 */
static void mark_pattern(const struct pattern *pattern, struct bytes hay, bool *hit)
{
    for (size_t at = 0; at + pattern->len <= hay.len; at++) {
        if (memcmp(hay.data + at, pattern->data, pattern->len) != 0)
            continue;
        size_t end = at + pattern->len;
        while (end < hay.len && hay.data[end] == 0xFF)
            end++;
        bool whole = at == 0 && end == hay.len;
        if (pattern->alone && !whole && end - at < pattern->len + 2)
            continue;
        memset(hit + at, true, end - at);
    }
}

static void mark_bytes(const struct secret_mask *mask, struct bytes hay, bool *hit)
{
    for (size_t i = 0; i < mask->count; i++) {
        for (size_t m = 0; m < sizeof makers / sizeof makers[0]; m++) {
            struct pattern pattern = {.len = 0};
            if (makers[m](&mask->items[i], &pattern))
                mark_pattern(&pattern, hay, hit);
            explicit_bzero(&pattern, sizeof pattern);
        }
    }
}

static int hex_value(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = c == '\0' ? NULL : strchr(digits, tolower((unsigned char)c));
    return found == NULL ? -1 : (int)(found - digits);
}

static size_t skip_separators(const char *text)
{
    size_t n = 0;
    while (n < SEPARATOR_MAX && text[n] != '\0' && strchr(" :-,.", text[n]) != NULL)
        n++;
    if (text[n] == '0' && (text[n + 1] == 'x' || text[n + 1] == 'X'))
        n += 2;
    return n;
}

/* How many characters of text spell the pattern's bytes in hexadecimal; 0 if they don't. */
static size_t match_hex(const char *text, const struct pattern *pattern)
{
    size_t at = 0;
    for (size_t i = 0; i < pattern->len; i++) {
        if (i > 0)
            at += skip_separators(text + at);
        int high = hex_value(text[at]);
        int low = high < 0 ? -1 : hex_value(text[at + 1]);
        if (low < 0 || high * 16 + low != pattern->data[i])
            return 0;
        at += 2;
    }
    return at;
}

static bool mark_text(const struct secret *secret, char *text)
{
    bool changed = false;
    if (secret->len < SECRET_TEXT_MIN) {
        changed = strcmp(text, secret->text) == 0;
        if (changed)
            memset(text, '*', secret->len);
        return changed;
    }
    for (char *at = strstr(text, secret->text); at != NULL; at = strstr(at, secret->text)) {
        memset(at, '*', secret->len);
        changed = true;
    }
    for (size_t m = 0; m < sizeof makers / sizeof makers[0]; m++) {
        struct pattern pattern = {.len = 0};
        if (!makers[m](secret, &pattern) || pattern.alone)
            continue;
        for (char *at = text; *at != '\0'; at++) {
            size_t len = match_hex(at, &pattern);
            memset(at, '*', len);
            changed = changed || len > 0;
        }
        explicit_bzero(&pattern, sizeof pattern);
    }
    return changed;
}

static bool is_prose(const struct node *node)
{
    for (size_t i = 0; node->key != NULL && i < sizeof text_keys / sizeof text_keys[0]; i++)
        if (strcmp(node->key, text_keys[i]) == 0)
            return true;
    return false;
}

static bool mask_hex(const struct secret_mask *mask, struct arena *keep, struct bytes value,
                     char *text)
{
    bool *hit = arena_array(keep, bool, value.len);
    bool changed = false;
    mark_bytes(mask, value, hit);
    for (size_t i = 0; i < value.len; i++) {
        if (hit[i])
            memset(text + 2 * i, '*', 2);
        changed = changed || hit[i];
    }
    return changed;
}

static bool mask_prose(const struct secret_mask *mask, char *text)
{
    bool changed = false;
    for (size_t i = 0; i < mask->count; i++)
        changed = mark_text(&mask->items[i], text) || changed;
    return changed;
}

static bool mask_string(const struct secret_mask *mask, struct arena *keep, struct node *node)
{
    struct bytes value;
    bool hex = !is_prose(node) && strchr(node->text, ' ') == NULL &&
               bytes_from_hex(keep, node->text, &value);
    char *copy = arena_strdup(keep, node->text);
    bool changed = false;
    if (hex)
        changed = mask_hex(mask, keep, value, copy);
    /* A value that spells a secret outright is a text, whatever else it may be. */
    for (size_t i = 0; hex && !changed && i < mask->count; i++)
        if (strcmp(copy, mask->items[i].text) == 0) {
            memset(copy, '*', mask->items[i].len);
            changed = true;
        }
    if (!hex)
        changed = mask_prose(mask, copy);
    if (changed)
        node->text = copy;
    return changed;
}

size_t secret_mask_apply(const struct secret_mask *mask, struct arena *keep, struct node *tree)
{
    size_t changed = 0;
    if (mask->count == 0)
        return 0;
    if (tree->kind == NODE_STRING)
        changed = mask_string(mask, keep, tree);
    for (struct node *child = tree->first; child != NULL; child = child->next)
        changed += secret_mask_apply(mask, keep, child);
    return changed;
}
