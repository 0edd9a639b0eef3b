/* SPDX-License-Identifier: Apache-2.0 */
/* The arena of the fuzz build: every allocation is a block of its own and of exactly its size, so
 * that AddressSanitizer sees what runs out of one into the next. */
#include "arena.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arena_chunk {
    alignas(max_align_t) struct arena_chunk *next;
};

void *arena_alloc(struct arena *arena, size_t count, size_t size)
{
    struct arena_chunk *chunk = NULL;
    if (size == 0 || count <= (SIZE_MAX / 2) / size)
        chunk = calloc(1, sizeof *chunk + count * size);
    if (chunk == NULL)
        abort();
    chunk->next = arena->chunks;
    arena->chunks = chunk;
    return chunk + 1;
}

char *arena_strndup(struct arena *arena, const char *text, size_t len)
{
    char *copy = arena_alloc(arena, len + 1, 1);
    if (len > 0)
        memcpy(copy, text, len);
    return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
    return arena_strndup(arena, text, strlen(text));
}

char *arena_vprintf(struct arena *arena, const char *format, va_list args)
{
    char *text = NULL;
    int len = vasprintf(&text, format, args);
    char *copy = arena_strndup(arena, len < 0 ? "" : text, len < 0 ? 0 : (size_t)len);
    free(text);
    return copy;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = arena_vprintf(arena, format, args);
    va_end(args);
    return text;
}

void *arena_grow(struct arena *arena, void *items, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return items;
    size_t bigger = *capacity == 0 ? 8 : *capacity * 2;
    void *moved = arena_alloc(arena, bigger, size);
    if (count > 0)
        memcpy(moved, items, count * size);
    *capacity = bigger;
    return moved;
}

struct arena_mark arena_mark(const struct arena *arena)
{
    return (struct arena_mark){arena->chunks, 0};
}

void arena_release(struct arena *arena, struct arena_mark mark)
{
    while (arena->chunks != mark.chunk) {
        struct arena_chunk *next = arena->chunks->next;
        free(arena->chunks);
        arena->chunks = next;
    }
}

void arena_reset(struct arena *arena)
{
    arena_free(arena);
}

void arena_free(struct arena *arena)
{
    while (arena->chunks != NULL) {
        struct arena_chunk *next = arena->chunks->next;
        free(arena->chunks);
        arena->chunks = next;
    }
}
