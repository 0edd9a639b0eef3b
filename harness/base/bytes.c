/* SPDX-License-Identifier: Apache-2.0 */
#include "bytes.h"

#include <string.h>

bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

size_t bytes_find(struct bytes hay, struct bytes needle)
{
    if (needle.len == 0 || hay.len < needle.len)
        return SIZE_MAX;
    const uint8_t *at = memmem(hay.data, hay.len, needle.data, needle.len);
    return at == NULL ? SIZE_MAX : (size_t)(at - hay.data);
}

struct bytes bytes_copy(struct arena *keep, struct bytes from)
{
    uint8_t *copy = arena_alloc(keep, from.len, 1);
    if (from.len > 0)
        memcpy(copy, from.data, from.len);
    return (struct bytes){copy, from.len};
}

struct bytes bytes_reversed(struct arena *keep, struct bytes from)
{
    uint8_t *copy = arena_alloc(keep, from.len, 1);
    for (size_t i = 0; i < from.len; i++)
        copy[i] = from.data[from.len - 1 - i];
    return (struct bytes){copy, from.len};
}

char *bytes_to_hex(struct arena *keep, struct bytes from)
{
    static const char digits[] = "0123456789abcdef";
    char *text = arena_alloc(keep, from.len * 2 + 1, 1);
    for (size_t i = 0; i < from.len; i++) {
        text[2 * i] = digits[from.data[i] >> 4];
        text[2 * i + 1] = digits[from.data[i] & 15];
    }
    return text;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool bytes_from_hex(struct arena *keep, const char *text, struct bytes *out)
{
    uint8_t *data = arena_alloc(keep, strlen(text) / 2 + 1, 1);
    size_t len = 0;
    while (*text != '\0') {
        if (*text == ' ') {
            text++;
            continue;
        }
        int high = hex_digit(text[0]);
        int low = high < 0 ? -1 : hex_digit(text[1]);
        if (low < 0)
            return false;
        data[len++] = (uint8_t)(high * 16 + low);
        text += 2;
    }
    *out = (struct bytes){data, len};
    return true;
}

/* Decodes one code point; returns the bytes used, 0 if they are no UTF-8. */
static size_t utf8_decode(const uint8_t *s, uint32_t *point)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = s[0] < 0x80       ? 1
                 : s[0] >> 5 == 6  ? 2
                 : s[0] >> 4 == 14 ? 3
                 : s[0] >> 3 == 30 ? 4
                                   : 0;
    if (len == 0)
        return 0;
    uint32_t value = len == 1 ? s[0] : s[0] & (0x7Fu >> len);
    for (size_t i = 1; i < len; i++) {
        if (s[i] >> 6 != 2)
            return 0;
        value = value << 6 | (s[i] & 0x3Fu);
    }
    if (value < least[len] || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000))
        return 0;
    *point = value;
    return len;
}

bool bytes_from_utf8_as_utf16(struct arena *keep, const char *text, struct bytes *out)
{
    const uint8_t *s = (const uint8_t *)text;
    uint8_t *data = arena_alloc(keep, strlen(text) + 1, 2);
    size_t len = 0;
    while (*s != 0) {
        uint32_t point;
        size_t used = utf8_decode(s, &point);
        if (used == 0)
            return false;
        s += used;
        uint32_t units[2] = {point, 0};
        size_t count = 1;
        if (point >= 0x10000) {
            units[0] = 0xD800 + ((point - 0x10000) >> 10);
            units[1] = 0xDC00 + ((point - 0x10000) & 0x3FF);
            count = 2;
        }
        for (size_t i = 0; i < count; i++) {
            data[len++] = (uint8_t)units[i];
            data[len++] = (uint8_t)(units[i] >> 8);
        }
    }
    *out = (struct bytes){data, len + 2};
    return true;
}
