/* SPDX-License-Identifier: Apache-2.0 */
#include "report_text.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define ESCAPE_BYTES_MAX 10 /* of one character's replacement */

/* One character: its length in bytes, 0 if they are no UTF-8. */
static size_t read_character(const char *text, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = (unsigned char)text[0];
    size_t len = first < 0x80       ? 1
                 : first >> 5 == 6  ? 2
                 : first >> 4 == 14 ? 3
                 : first >> 3 == 30 ? 4
                                    : 0;
    if (len == 0)
        return 0;
    *code = len == 1 ? first : first & (0xFFu >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        unsigned char next = (unsigned char)text[i];
        if (next >> 6 != 2)
            return 0; /* also at the end of the text */
        *code = *code << 6 | (next & 0x3F);
    }
    bool surrogate = *code >= 0xD800 && *code <= 0xDFFF;
    return *code < least[len] || *code > 0x10FFFF || surrogate ? 0 : len;
}

static bool is_safe_on_terminal(uint32_t code)
{
    bool control = code < 0x20 || (code >= 0x7F && code < 0xA0);
    bool direction = code == 0x061C || (code >= 0x200B && code <= 0x200F) ||
                     (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
    return !control && !direction && code != 0xFEFF;
}

static bool is_safe_in_xml(uint32_t code)
{
    return code == 0x9 || code == 0xA || (code >= 0x20 && code <= 0xD7FF) ||
           (code >= 0xE000 && code <= 0xFFFD) || (code >= 0x10000 && code <= 0x10FFFF);
}

static size_t escape_for_terminal(char *out, const char *text, size_t len, uint32_t code)
{
    if (len == 0 || code < 0x80)
        return (size_t)sprintf(out, "\\x%02x", (unsigned)(unsigned char)text[0]);
    return (size_t)sprintf(out, "\\u%04" PRIx32, code);
}

static size_t escape_for_xml(char *out, const char *text, size_t len, uint32_t code)
{
    (void)text;
    (void)len;
    (void)code;
    memcpy(out, "\xEF\xBF\xBD", 3);
    return 3;
}

struct escaping {
    bool (*is_safe)(uint32_t code);
    size_t (*escape)(char *out, const char *text, size_t len, uint32_t code);
};

static const char *escape_text(struct arena *keep, const char *text, const struct escaping *how)
{
    if (text == NULL)
        return "";
    char *out = arena_alloc(keep, REPORT_TEXT_MAX + ESCAPE_BYTES_MAX + sizeof "...", 1);
    size_t at = 0;
    while (*text != '\0' && at < REPORT_TEXT_MAX) {
        uint32_t code = 0;
        size_t len = read_character(text, &code);
        if (len > 0 && how->is_safe(code)) {
            memcpy(out + at, text, len);
            at += len;
        } else {
            at += how->escape(out + at, text, len, code);
        }
        text += len == 0 ? 1 : len;
    }
    strcpy(out + at, *text == '\0' ? "" : "...");
    return out;
}

const char *report_text_line(struct arena *keep, const char *text)
{
    static const struct escaping how = {is_safe_on_terminal, escape_for_terminal};
    return escape_text(keep, text, &how);
}

const char *report_text_xml(struct arena *keep, const char *text)
{
    static const struct escaping how = {is_safe_in_xml, escape_for_xml};
    return escape_text(keep, text, &how);
}

const char *report_suite(struct arena *keep, const char *id)
{
    return arena_strndup(keep, id, strcspn(id, "/["));
}
