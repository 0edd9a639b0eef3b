/* SPDX-License-Identifier: Apache-2.0 */
#include "places.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

/* How a process ends, an exception flies or a thread begins is of no use to who looks for a
 * mistake.
 */
static bool is_runtime(const char *frame)
{
    static const char *const modules[] = {"libc.so", "libstdc++.so", "libgcc_s.so", "libpthread.so",
                                          "ld-linux"};
    for (size_t i = 0; i < sizeof modules / sizeof modules[0]; i++)
        if (strncmp(frame, modules[i], strlen(modules[i])) == 0)
            return true;
    return false;
}

static const char *chain_words(struct arena *keep, const char *frames, bool runtime)
{
    const char *words = "";
    for (int shown = 0; shown < PLACE_CHAIN_MAX && *frames != '\0';) {
        size_t len = strcspn(frames, " ");
        if (runtime || !is_runtime(frames))
            words = arena_printf(keep, "%s %s %.*s", words, shown++ == 0 ? "at" : "from", (int)len,
                                 frames);
        frames += len + (frames[len] == ' ');
    }
    return words;
}

const char *places_words(struct arena *keep, const char *frames)
{
    if (frames == NULL)
        return "";
    const char *words = chain_words(keep, frames, false);
    return words[0] != '\0' ? words : chain_words(keep, frames, true);
}

/* The next place in a text; its length, 0: there is none. */
static size_t find_place(const char *text, const char **at)
{
    const char *plus = text;
    while ((plus = strstr(plus, "+0x")) != NULL) {
        const char *start = plus, *end = plus + strlen("+0x");
        while (start > text && start[-1] > ' ' && start[-1] != '(' && start[-1] != ',')
            start--;
        while (isxdigit((unsigned char)*end))
            end++;
        *at = start;
        if (start < plus && end > plus + strlen("+0x"))
            return (size_t)(end - start);
        plus = end;
    }
    return 0;
}

/* Every text of a result that may name a place. */
static void each_text(struct results *results, void (*visit)(void *data, const char **text),
                      void *data)
{
    for (size_t i = 0; i < results->case_count; i++) {
        struct case_result *one = &results->cases[i];
        if (one->reason != NULL)
            visit(data, &one->reason);
        for (size_t k = 0; k < one->finding_count; k++)
            if (one->findings[k].observed != NULL)
                visit(data, &one->findings[k].observed);
    }
}

struct search {
    struct arena *keep;
    struct node *wanted;       /* what was found; NULL: names are put in */
    const struct node *places; /* what is known */
};

static const struct node *find_named(const struct node *list, const char *at, size_t len)
{
    const struct node *one = list == NULL ? NULL : list->first;
    for (; one != NULL; one = one->next) {
        const char *name = one->kind == NODE_MAP ? node_get_text(one, "at") : one->text;
        if (name != NULL && strlen(name) == len && memcmp(name, at, len) == 0)
            return one;
    }
    return NULL;
}

static void collect(void *data, const char **text)
{
    struct search *search = data;
    const char *rest = *text, *at;
    for (size_t len; (len = find_place(rest, &at)) > 0; rest = at + len)
        if (search->wanted->count < PLACES_MAX && find_named(search->wanted, at, len) == NULL)
            node_append(
                search->wanted,
                node_new_string(search->keep, arena_printf(search->keep, "%.*s", (int)len, at)));
}

static const char *name_of(struct arena *keep, const struct node *place)
{
    const char *function = node_get_text(place, "function"), *file = node_get_text(place, "file");
    uint64_t offset = node_get_uint(place, "offset", 0), line = node_get_uint(place, "line", 0);
    const char *at = file == NULL ? "" : arena_printf(keep, " (%s:%" PRIu64 ")", file, line);
    if (function == NULL)
        return file == NULL ? NULL : at + 1;
    return file != NULL ? arena_printf(keep, "%s%s", function, at)
                        : arena_printf(keep, "%s+0x%" PRIx64, function, offset);
}

static void replace(void *data, const char **text)
{
    struct search *search = data;
    const char *rest = *text, *at, *done = "";
    for (size_t len; (len = find_place(rest, &at)) > 0; rest = at + len) {
        const struct node *place = find_named(search->places, at, len);
        const char *name = place == NULL ? NULL : name_of(search->keep, place);
        done = arena_printf(search->keep, "%s%.*s%.*s", done, (int)(at - rest), rest,
                            name == NULL ? (int)len : (int)strlen(name), name == NULL ? at : name);
    }
    if (done[0] != '\0')
        *text = arena_printf(search->keep, "%s%s", done, rest);
}

struct node *places_wanted(struct arena *keep, const struct results *results)
{
    struct search search = {.keep = keep, .wanted = node_new_list(keep)};
    struct results copy = *results; /* texts are only read */
    each_text(&copy, collect, &search);
    return search.wanted;
}

void places_name(struct arena *keep, const struct node *places, struct results *results)
{
    struct search search = {.keep = keep, .places = places};
    if (places != NULL && places->kind == NODE_LIST)
        each_text(results, replace, &search);
}
