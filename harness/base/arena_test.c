/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "unit.h"

#include <stdint.h>
#include <stdlib.h>

static void test_arena__memory_is_zeroed_and_aligned(void **state)
{
    (void)state;
    struct arena arena = {0};
    for (size_t size = 1; size < 200; size += 7) {
        unsigned char *p = arena_alloc(&arena, size, 1);
        assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(p[i], 0);
        memset(p, 0xAA, size);
    }
    arena_free(&arena);
}

static void test_arena__reset_reuses_and_zeroes_again(void **state)
{
    (void)state;
    struct arena arena = {0};
    memset(arena_alloc(&arena, 1000, 1), 0xAA, 1000);
    arena_reset(&arena);
    unsigned char *p = arena_alloc(&arena, 1000, 1);
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(p[i], 0);
    arena_free(&arena);
    assert_null(arena.chunks);
}

static void test_arena__a_block_larger_than_a_chunk(void **state)
{
    (void)state;
    struct arena arena = {0};
    char *big = arena_alloc(&arena, 1000000, 1);
    big[999999] = 'x';
    char *small = arena_strdup(&arena, "small");
    assert_string_equal(small, "small");
    arena_free(&arena);
}

static void test_arena__strings_are_copied(void **state)
{
    (void)state;
    struct arena arena = {0};
    char text[] = "abcdef";
    char *copy = arena_strndup(&arena, text, 3);
    text[0] = 'X';
    assert_string_equal(copy, "abc");
    assert_string_equal(arena_printf(&arena, "%s-%d", "n", 7), "n-7");
    arena_free(&arena);
}

static void test_arena__grow_keeps_items(void **state)
{
    (void)state;
    struct arena arena = {0};
    int *items = NULL;
    size_t capacity = 0;
    for (int i = 0; i < 1000; i++) {
        items = arena_grow(&arena, items, (size_t)i, &capacity, sizeof *items);
        items[i] = i;
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(items[i], i);
    arena_free(&arena);
}

static void test_arena__a_large_array_grows_among_others(void **state)
{
    (void)state;
    struct arena arena = {0};
    uint32_t *items = NULL;
    size_t capacity = 0;
    char *other = NULL;
    /* What the C library hands out next is not zero. */
    char *dirty = malloc(100000);
    assert_non_null(dirty);
    memset(dirty, 0xAA, 100000);
    free(dirty);
    for (uint32_t i = 0; i < 100000; i++) {
        items = arena_grow(&arena, items, i, &capacity, sizeof *items);
        assert_int_equal(items[i], 0);
        items[i] = i;
        if (i == 50000)
            other = arena_strdup(&arena, "between");
    }
    for (uint32_t i = 0; i < capacity; i++)
        assert_int_equal(items[i], i < 100000 ? i : 0);
    assert_string_equal(other, "between");
    arena_free(&arena);
}

static void test_arena__an_array_grows_around_its_neighbour(void **state)
{
    (void)state;
    struct arena arena = {0};
    size_t capacity = 1024;
    uint64_t *items = arena_array(&arena, uint64_t, capacity);
    size_t left = 0;
    /* The chunk is full: the array at its front, the neighbour behind. */
    struct arena_mark front = arena_mark(&arena);
    while (arena_mark(&arena).chunk == front.chunk) {
        front = arena_mark(&arena);
        memset(arena_alloc(&arena, 16, 1), 'x', 16);
        left++;
    }
    arena_release(&arena, front);
    const char *neighbour = (const char *)(items + capacity);
    items = arena_grow(&arena, items, capacity, &capacity, sizeof *items);
    for (size_t i = 0; i < 16 * (left - 1); i++)
        assert_int_equal(neighbour[i], 'x');
    assert_int_equal(items[capacity - 1], 0);
    arena_free(&arena);
}

static void test_arena__release_gives_back_what_came_since(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct arena_mark empty = arena_mark(&arena);
    const char *kept = arena_strdup(&arena, "kept");
    struct arena_mark mark = arena_mark(&arena);
    const char *first = arena_strdup(&arena, "first");
    for (int i = 0; i < 4; i++)
        arena_alloc(&arena, 1, 100000);
    arena_release(&arena, mark);
    assert_ptr_equal(arena_alloc(&arena, 6, 1), first);
    assert_string_equal(first, "");
    assert_string_equal(kept, "kept");
    arena_release(&arena, empty);
    assert_null(arena.chunks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arena__memory_is_zeroed_and_aligned),
        cmocka_unit_test(test_arena__reset_reuses_and_zeroes_again),
        cmocka_unit_test(test_arena__a_block_larger_than_a_chunk),
        cmocka_unit_test(test_arena__strings_are_copied),
        cmocka_unit_test(test_arena__grow_keeps_items),
        cmocka_unit_test(test_arena__a_large_array_grows_among_others),
        cmocka_unit_test(test_arena__an_array_grows_around_its_neighbour),
        cmocka_unit_test(test_arena__release_gives_back_what_came_since),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
