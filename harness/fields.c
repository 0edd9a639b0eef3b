/* SPDX-License-Identifier: Apache-2.0 */
#include "fields.h"

#include <inttypes.h>
#include <string.h>

#define NAMES_SHOWN_MAX 32 /* more would bury the sentence */
#define TEXT_SHOWN_MAX  60 /* characters of a value that a sentence repeats */

const char *field_shown(struct arena *keep, const struct node *node)
{
    if (node == NULL)
        return "nothing";
    if (node->kind == NODE_MAP)
        return "a map";
    if (node->kind == NODE_LIST)
        return "a list";
    if (node->kind == NODE_PLAIN && node->text[0] == '\0')
        return "nothing";
    size_t len = strlen(node->text);
    if (len <= TEXT_SHOWN_MAX)
        return arena_printf(keep, "'%s'", node->text);
    len = TEXT_SHOWN_MAX;
    while (len > 0 && ((unsigned char)node->text[len] >> 6) == 2)
        len--; /* no character is cut in two */
    return arena_printf(keep, "'%.*s...'", (int)len, node->text);
}

bool field_wrong(struct diags *diags, const struct node *node, const char *what,
                 const char *expected)
{
    return diag_error(diags, node->at, "%s must be %s, not %s", what, expected,
                      field_shown(&diags->arena, node));
}

/* "a, b and c" */
static const char *names_listed(struct arena *keep, const char *const *names, size_t count)
{
    const char *list = "";
    for (size_t i = 0; i < count; i++)
        list = arena_printf(keep, "%s%s%s", list,
                            i == 0           ? ""
                            : i + 1 == count ? " and "
                                             : ", ",
                            names[i]);
    return list;
}

bool field_unknown(struct diags *diags, struct source_pos at, const char *what, const char *text,
                   const char *const *names, size_t count)
{
    const char *near = nearest_name(text, names, count);
    if (near != NULL)
        return diag_error(diags, at, "unknown %s '%s'; did you mean '%s'?", what, text, near);
    if (count > NAMES_SHOWN_MAX)
        return diag_error(diags, at, "unknown %s '%s'", what, text);
    return diag_error(diags, at, "unknown %s '%s'; known are %s", what, text,
                      names_listed(&diags->arena, names, count));
}

static bool is_one_of(const char *text, const char *const *names, size_t count, size_t *place)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], text) == 0) {
            *place = i;
            return true;
        }
    }
    return false;
}

bool fields_check(struct diags *diags, const struct node *node, const char *what,
                  const char *const *names, size_t count)
{
    if (node->kind != NODE_MAP)
        return field_wrong(diags, node, what, "a map");
    bool ok = true;
    size_t place;
    for (const struct node *entry = node->first; entry != NULL; entry = entry->next)
        if (!is_one_of(entry->key, names, count, &place))
            ok = field_unknown(diags, entry->key_at, arena_printf(&diags->arena, "key of %s", what),
                               entry->key, names, count);
    return ok;
}

const struct node *field_required(struct diags *diags, const struct node *map, const char *what,
                                  const char *key)
{
    const struct node *entry = node_get(map, key);
    if (entry == NULL)
        diag_error(diags, map->at, "%s needs '%s'", what, key);
    return entry;
}

bool field_text(struct diags *diags, const struct node *node, const char *what, const char **out)
{
    if (node == NULL)
        return true;
    if (!node_is_scalar(node) || node->text[0] == '\0')
        return field_wrong(diags, node, what, "text");
    *out = node->text;
    return true;
}

bool field_uint(struct diags *diags, const struct node *node, const char *what, uint64_t least,
                uint64_t most, uint64_t *out)
{
    uint64_t value;
    if (node == NULL)
        return true;
    if (!node_to_uint(node, &value) || value < least || value > most)
        return field_wrong(
            diags, node, what,
            arena_printf(&diags->arena, "a number from %" PRIu64 " to %" PRIu64, least, most));
    *out = value;
    return true;
}

bool field_bool(struct diags *diags, const struct node *node, const char *what, bool *out)
{
    if (node == NULL || node_to_bool(node, out))
        return true;
    return field_wrong(diags, node, what, "true or false");
}

bool field_choice(struct diags *diags, const struct node *node, const char *what,
                  const char *const *names, size_t count, size_t *out)
{
    if (node == NULL)
        return true;
    if (!node_is_scalar(node))
        return field_wrong(diags, node, what, names_listed(&diags->arena, names, count));
    if (is_one_of(node->text, names, count, out))
        return true;
    return field_unknown(diags, node->at, what, node->text, names, count);
}

bool glob_matches(const char *glob, const char *text)
{
    const char *star = NULL, *retry = NULL;
    while (*text != '\0') {
        if (*glob == '*') {
            star = ++glob;
            retry = text;
        } else if (*glob == '?' || *glob == *text) {
            glob++;
            text++;
        } else if (star != NULL) {
            glob = star;
            text = ++retry;
        } else {
            return false;
        }
    }
    while (*glob == '*')
        glob++;
    return *glob == '\0';
}

bool field_range(struct arena *keep, const char *text, uint64_t *first, uint64_t *last)
{
    const char *dots = text == NULL ? NULL : strstr(text, "..");
    if (dots == NULL || dots == text)
        return false;
    struct node low = {.kind = NODE_PLAIN,
                       .text = arena_strndup(keep, text, (size_t)(dots - text))};
    struct node high = {.kind = NODE_PLAIN, .text = dots + 2};
    return node_to_uint(&low, first) && node_to_uint(&high, last);
}
