/* SPDX-License-Identifier: Apache-2.0 */
/* An arena: memory that is given back all at once.
 *
 * The runner parses, plans and judges in arenas and frees nothing singly.  Memory comes zeroed and
 * aligned for any type, and stays where it is until arena_reset() or arena_free().  Allocation
 * never returns NULL: out of memory prints one sentence and ends the program with exit code 4, the
 * only such place. */
#ifndef MDCTS_BASE_ARENA_H
#define MDCTS_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena_chunk;

/* A zeroed struct arena is an empty arena, ready for use. */
struct arena {
    struct arena_chunk *chunks;
};

#define arena_new(arena, type)          ((type *)arena_alloc((arena), 1, sizeof(type)))
#define arena_array(arena, type, count) ((type *)arena_alloc((arena), (count), sizeof(type)))

/* count * size bytes, zeroed; never NULL, also for zero bytes. */
void *arena_alloc(struct arena *arena, size_t count, size_t size);

/* A NUL-terminated copy of len bytes of text. */
char *arena_strndup(struct arena *arena, const char *text, size_t len);
char *arena_strdup(struct arena *arena, const char *text);

/* printf into the arena. */
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *arena, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* Doubles an array that is full.  *items has count used of *capacity elements of size bytes;
 * afterwards there is room for one more.  Returns the array, moved if it grew. */
void *arena_grow(struct arena *arena, void *items, size_t count, size_t *capacity, size_t size);

/* Where an arena stands: arena_release() gives back what was allocated since. */
struct arena_mark {
    struct arena_chunk *chunk;
    size_t used;
};
struct arena_mark arena_mark(const struct arena *arena);
void arena_release(struct arena *arena, struct arena_mark mark);

/* Gives everything back but keeps one chunk for the next use. */
void arena_reset(struct arena *arena);

/* Gives everything back; the arena is empty and usable. */
void arena_free(struct arena *arena);

#endif
