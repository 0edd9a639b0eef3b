/* SPDX-License-Identifier: Apache-2.0 */
#include "arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES    ((size_t)16 * 1024)
#define EXIT_OUR_FAULT 4

struct arena_chunk {
    struct arena_chunk *next;
    size_t used, capacity;
    alignas(max_align_t) unsigned char bytes[];
};

static _Noreturn void out_of_memory(void)
{
    fputs("mdcts: error: out of memory\n", stderr);
    exit(EXIT_OUR_FAULT);
}

static struct arena_chunk *chunk_new(size_t bytes)
{
    size_t capacity = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;
    struct arena_chunk *chunk = NULL;
    if (capacity <= SIZE_MAX - sizeof *chunk)
        chunk = malloc(sizeof *chunk + capacity);
    if (chunk == NULL)
        out_of_memory();
    chunk->next = NULL;
    chunk->used = 0;
    chunk->capacity = capacity;
    return chunk;
}

void *arena_alloc(struct arena *arena, size_t count, size_t size)
{
    const size_t align = alignof(max_align_t);
    if (size != 0 && count > (SIZE_MAX / 2) / size)
        out_of_memory();
    size_t bytes = (count * size + align - 1) / align * align;
    if (bytes == 0)
        bytes = align;
    struct arena_chunk *chunk = arena->chunks;
    if (chunk == NULL || chunk->capacity - chunk->used < bytes) {
        chunk = chunk_new(bytes);
        chunk->next = arena->chunks;
        arena->chunks = chunk;
    }
    void *p = chunk->bytes + chunk->used;
    chunk->used += bytes;
    return memset(p, 0, bytes);
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
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    size_t bytes = len < 0 ? 0 : (size_t)len;
    char *text = arena_alloc(arena, bytes + 1, 1);
    if (len > 0)
        vsnprintf(text, bytes + 1, format, again);
    va_end(again);
    return text;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = arena_vprintf(arena, format, args);
    va_end(args);
    return text;
}

/* An array that has the newest chunk to itself grows with it, so that a large one is not kept in
 * all the sizes that it ever had. */
static void *grow_chunk(struct arena *arena, const void *items, size_t from, size_t to)
{
    struct arena_chunk *chunk = arena->chunks;
    if (chunk == NULL || items != chunk->bytes || chunk->used < CHUNK_BYTES || chunk->used != from)
        return NULL;
    struct arena_chunk *moved = realloc(chunk, sizeof *chunk + to);
    if (moved == NULL)
        out_of_memory();
    memset(moved->bytes + from, 0, to - from);
    moved->used = moved->capacity = to;
    arena->chunks = moved;
    return moved->bytes;
}

void *arena_grow(struct arena *arena, void *items, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return items;
    size_t bigger = *capacity == 0 ? 8 : *capacity * 2;
    void *grown = bigger <= SIZE_MAX / 2 / size
                      ? grow_chunk(arena, items, *capacity * size, bigger * size)
                      : NULL;
    if (grown != NULL) {
        *capacity = bigger;
        return grown;
    }
    void *moved = arena_alloc(arena, bigger, size);
    if (count > 0)
        memcpy(moved, items, count * size);
    *capacity = bigger;
    return moved;
}

struct arena_mark arena_mark(const struct arena *arena)
{
    const size_t used = arena->chunks == NULL ? 0 : arena->chunks->used;
    return (struct arena_mark){arena->chunks, used};
}

void arena_release(struct arena *arena, struct arena_mark mark)
{
    while (arena->chunks != mark.chunk) {
        struct arena_chunk *next = arena->chunks->next;
        free(arena->chunks);
        arena->chunks = next;
    }
    if (mark.chunk != NULL)
        mark.chunk->used = mark.used;
}

void arena_reset(struct arena *arena)
{
    struct arena_chunk *first = arena->chunks;
    if (first == NULL)
        return;
    while (first->next != NULL) {
        struct arena_chunk *next = first->next;
        free(first);
        first = next;
    }
    first->used = 0;
    arena->chunks = first;
}

void arena_free(struct arena *arena)
{
    while (arena->chunks != NULL) {
        struct arena_chunk *next = arena->chunks->next;
        free(arena->chunks);
        arena->chunks = next;
    }
}
