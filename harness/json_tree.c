/* SPDX-License-Identifier: Apache-2.0 */
#include "json_tree.h"

#include <string.h>

/* Written here and not with jansson, whose integers end at 2^63 - 1: handles and pointers that
 * drivers give back need all 64 bits.  The unit test has jansson read what this writes. */

/* The length of the UTF-8 sequence at s, 0 if it is none. */
static size_t utf8_length(const unsigned char *s)
{
    size_t len = s[0] < 0x80                   ? 1
                 : s[0] >= 0xC2 && s[0] < 0xE0 ? 2
                 : s[0] >> 4 == 14             ? 3
                 : s[0] >= 0xF0 && s[0] < 0xF5 ? 4
                                               : 0;
    for (size_t i = 1; i < len; i++)
        if (s[i] >> 6 != 2)
            return 0;
    bool overlong = (s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xF0 && s[1] < 0x90);
    bool too_high = (s[0] == 0xED && s[1] >= 0xA0) || (s[0] == 0xF4 && s[1] >= 0x90);
    return overlong || too_high ? 0 : len;
}

static bool is_utf8(const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    while (*s != '\0') {
        size_t len = utf8_length(s);
        if (len == 0)
            return false;
        s += len;
    }
    return true;
}

/* ---- reading ---- */

struct reader {
    struct diags *diags;
    struct arena *keep;
    struct source_pos at;
    const char *text, *end, *p;
    size_t depth;
};

static bool fail(struct reader *r, const char *what)
{
    struct source_pos at = r->at;
    at.column = (uint32_t)(r->p - r->text) + 1;
    return diag_error(r->diags, at, "%s", what);
}

static void skip_blanks(struct reader *r)
{
    while (r->p < r->end && strchr(" \t\r\n", *r->p) != NULL && *r->p != '\0')
        r->p++;
}

static bool take(struct reader *r, char c)
{
    skip_blanks(r);
    if (r->p >= r->end || *r->p != c)
        return false;
    r->p++;
    return true;
}

static bool read_hex4(struct reader *r, uint32_t *unit)
{
    *unit = 0;
    for (int i = 0; i < 4; i++, r->p++) {
        if (r->p >= r->end)
            return fail(r, "a \\u escape is cut short");
        static const char digits[] = "0123456789abcdef0123456789ABCDEF";
        const char *digit = *r->p == '\0' ? NULL : strchr(digits, *r->p);
        if (digit == NULL)
            return fail(r, "a \\u escape needs four hexadecimal digits");
        *unit = *unit << 4 | ((uint32_t)(digit - digits) & 15);
    }
    return true;
}

static size_t put_utf8(char *to, uint32_t point)
{
    if (point < 0x80) {
        to[0] = (char)point;
        return 1;
    }
    size_t len = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t i = len - 1; i > 0; i--, point >>= 6)
        to[i] = (char)(0x80 | (point & 0x3F));
    to[0] = (char)((0xF00u >> len & 0xF0u) | point);
    return len;
}

/* Behind "\u". */
static bool read_unicode(struct reader *r, char *to, size_t *len)
{
    uint32_t point, low;
    if (!read_hex4(r, &point))
        return false;
    if (point == 0)
        return fail(r, "a NUL character is not allowed in a string");
    if (point >= 0xD800 && point < 0xE000) {
        bool pair = point < 0xDC00 && r->end - r->p >= 6 && r->p[0] == '\\' && r->p[1] == 'u';
        r->p += pair ? 2 : 0;
        if (!pair || !read_hex4(r, &low) || low < 0xDC00 || low >= 0xE000)
            return fail(r, "half a surrogate pair");
        point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
    }
    *len += put_utf8(to + *len, point);
    return true;
}

static bool read_escape(struct reader *r, char *to, size_t *len)
{
    static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
    if (r->p >= r->end)
        return fail(r, "a string is cut short");
    char c = *r->p++;
    if (c == 'u')
        return read_unicode(r, to, len);
    const char *known = c == '\0' ? NULL : strchr(from, c);
    if (known == NULL)
        return fail(r, "an unknown escape in a string");
    to[(*len)++] = into[known - from];
    return true;
}

/* At a quote.  The text is at most as long as its escaped form. */
static const char *read_string(struct reader *r)
{
    const char *close = ++r->p;
    while (close < r->end && *close != '"')
        close += *close == '\\' && r->end - close > 1 ? 2 : 1;
    if (close >= r->end) {
        fail(r, "a string is cut short");
        return NULL;
    }
    char *text = arena_alloc(r->keep, (size_t)(close - r->p) + 1, 1);
    size_t len = 0;
    while (*r->p != '"') {
        if ((unsigned char)*r->p < 0x20) {
            fail(r, "a control character in a string");
            return NULL;
        }
        if (*r->p != '\\')
            text[len++] = *r->p++;
        else if (r->p++, !read_escape(r, text, &len))
            return NULL;
    }
    r->p++;
    if (is_utf8(text))
        return text;
    fail(r, "a string that is no UTF-8");
    return NULL;
}

static size_t count_digits(const char *p)
{
    return strspn(p, "0123456789");
}

/* RFC 8259 section 6. */
static bool is_json_number(const char *p)
{
    p += *p == '-';
    size_t whole = count_digits(p);
    if (whole == 0 || (whole > 1 && *p == '0'))
        return false;
    p += whole;
    if (*p == '.') {
        size_t fraction = count_digits(p + 1);
        if (fraction == 0)
            return false;
        p += 1 + fraction;
    }
    if (*p == 'e' || *p == 'E') {
        p += 1 + (p[1] == '+' || p[1] == '-');
        size_t exponent = count_digits(p);
        if (exponent == 0)
            return false;
        p += exponent;
    }
    return *p == '\0';
}

static bool is_json_word(const char *text)
{
    return strcmp(text, "true") == 0 || strcmp(text, "false") == 0 || strcmp(text, "null") == 0;
}

static struct node *new_node(struct reader *r, enum node_kind kind)
{
    struct node *node = arena_new(r->keep, struct node);
    node->kind = kind;
    node->at = r->at;
    node->at.column = (uint32_t)(r->p - r->text) + 1;
    return node;
}

static bool read_plain(struct reader *r, struct node *node)
{
    size_t len = 0;
    while (r->p + len < r->end && strchr("+-.0123456789abcdefghijklmnopqrstuvwxyzE", r->p[len]) &&
           r->p[len] != '\0')
        len++;
    node->text = arena_strndup(r->keep, r->p, len);
    if (!is_json_word(node->text) && !is_json_number(node->text))
        return fail(r, "a value is expected here");
    r->p += len;
    return true;
}

static struct node *read_value(struct reader *r);

static bool read_entry(struct reader *r, struct node *map)
{
    skip_blanks(r);
    if (r->p >= r->end || *r->p != '"')
        return fail(r, "a key in quotes is expected here");
    const char *key = read_string(r);
    if (key == NULL)
        return false;
    if (node_get(map, key) != NULL)
        return fail(r, "a key is there twice");
    if (map->count >= JSON_KEYS_MAX)
        return fail(r, "a map with too many keys (JSON_KEYS_MAX)");
    if (!take(r, ':'))
        return fail(r, "':' is expected here");
    struct node *value = read_value(r);
    if (value == NULL)
        return false;
    node_add(map, key, value);
    return true;
}

static bool read_items(struct reader *r, struct node *parent, char close)
{
    r->p++;
    if (take(r, close))
        return true;
    do {
        struct node *item = NULL;
        if (parent->kind == NODE_MAP ? !read_entry(r, parent) : (item = read_value(r)) == NULL)
            return false;
        if (item != NULL)
            node_append(parent, item);
    } while (take(r, ','));
    return take(r, close) || fail(r, "',' or the closing bracket is expected here");
}

static struct node *read_value(struct reader *r)
{
    skip_blanks(r);
    if (r->p >= r->end || r->depth >= JSON_DEPTH_MAX) {
        fail(r, r->p >= r->end ? "the text is cut short" : "nested too deep (JSON_DEPTH_MAX)");
        return NULL;
    }
    char c = *r->p;
    struct node *node = new_node(r, c == '{' ? NODE_MAP : c == '[' ? NODE_LIST : NODE_PLAIN);
    bool ok;
    r->depth++;
    if (c == '{' || c == '[') {
        ok = read_items(r, node, c == '{' ? '}' : ']');
    } else if (c == '"') {
        node->kind = NODE_STRING;
        node->text = read_string(r);
        ok = node->text != NULL;
    } else {
        ok = read_plain(r, node);
    }
    r->depth--;
    return ok ? node : NULL;
}

struct node *json_tree_parse(struct diags *diags, struct arena *keep, const char *text, size_t len,
                             const char *file, uint32_t line)
{
    struct reader r = {diags, keep, {file, line, 1}, text, text + len, text, 0};
    if (len > JSON_BYTES_MAX) {
        fail(&r, "larger than JSON_BYTES_MAX");
        return NULL;
    }
    if (len > 0 && memchr(text, '\0', len) != NULL) {
        fail(&r, "a NUL byte is not allowed");
        return NULL;
    }
    struct node *node = read_value(&r);
    skip_blanks(&r);
    if (node != NULL && r.p != r.end) {
        fail(&r, "something follows the value");
        return NULL;
    }
    return node;
}

/* ---- writing ---- */

#define WRITER_BYTES 256u /* to begin with */

struct writer {
    struct arena *keep;
    char *text;
    size_t len, capacity;
};

static void put(struct writer *w, const char *bytes, size_t len)
{
    while (w->capacity - w->len < len)
        w->text = arena_grow(w->keep, w->text, w->capacity, &w->capacity, 1);
    memcpy(w->text + w->len, bytes, len);
    w->len += len;
}

static void put_escape(struct writer *w, unsigned char c)
{
    static const char plain[] = "\"\\\n\r\t", letter[] = "\"\\nrt";
    const char *known = strchr(plain, c);
    char text[8];
    int len = known != NULL ? snprintf(text, sizeof text, "\\%c", letter[known - plain])
                            : snprintf(text, sizeof text, "\\u%04x", c);
    put(w, text, (size_t)len);
}

static void put_string(struct writer *w, const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    put(w, "\"", 1);
    while (*s != '\0') {
        size_t run = 0, len = 1;
        while (s[run] >= 0x20 && s[run] != '"' && s[run] != '\\' && s[run] < 0x7F)
            run++;
        put(w, (const char *)s, run);
        s += run;
        if (*s == '\0')
            break;
        if (*s < 0x7F)
            put_escape(w, *s);
        else if ((len = utf8_length(s)) > 0)
            put(w, (const char *)s, len);
        else
            put(w, "\xEF\xBF\xBD", 3), len = 1;
        s += len;
    }
    put(w, "\"", 1);
}

/* YAML's plain scalars know more than JSON's. */
static void put_plain(struct writer *w, const struct node *node)
{
    uint64_t value;
    char text[24];
    if (node_is_null(node))
        put(w, "null", 4);
    else if (is_json_word(node->text) || is_json_number(node->text))
        put(w, node->text, strlen(node->text));
    else if (node_to_uint(node, &value))
        put(w, text, (size_t)snprintf(text, sizeof text, "%llu", (unsigned long long)value));
    else
        put_string(w, node->text);
}

static void put_node(struct writer *w, const struct node *node)
{
    if (node->kind == NODE_PLAIN) {
        put_plain(w, node);
        return;
    }
    if (node->kind == NODE_STRING) {
        put_string(w, node->text);
        return;
    }
    bool map = node->kind == NODE_MAP;
    put(w, map ? "{" : "[", 1);
    for (const struct node *child = node->first; child != NULL; child = child->next) {
        if (child != node->first)
            put(w, ",", 1);
        if (map) {
            put_string(w, child->key);
            put(w, ":", 1);
        }
        put_node(w, child);
    }
    put(w, map ? "}" : "]", 1);
}

static struct writer writer_open(struct arena *keep)
{
    return (struct writer){keep, arena_alloc(keep, WRITER_BYTES, 1), 0, WRITER_BYTES};
}

char *json_tree_text(struct arena *keep, const struct node *node)
{
    struct writer w = writer_open(keep);
    put_node(&w, node);
    put(&w, "", 1);
    return w.text;
}

char *json_tree_line(struct arena *keep, const struct node *node, size_t *len)
{
    struct writer w = writer_open(keep);
    put_node(&w, node);
    put(&w, "\n", 1);
    *len = w.len;
    return w.text;
}

bool json_tree_write_line(FILE *to, const struct node *node)
{
    struct arena scratch = {0};
    size_t len;
    const char *line = json_tree_line(&scratch, node, &len);
    bool ok = fwrite(line, 1, len, to) == len;
    arena_free(&scratch);
    return ok;
}
