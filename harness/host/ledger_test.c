/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint32_t block;
static uint32_t damaged_block;
static enum ledger_damage damaged_how;
static int damaged_times;

static void note_damage(uint32_t number, enum ledger_damage damage)
{
    damaged_block = number;
    damaged_how = damage;
    damaged_times++;
}

static int start(void **state)
{
    (void)state;
    ledger_reset();
    damaged_times = 0;
    return 0;
}

static void test_ledger__blocks_are_aligned_numbered_and_poisoned(void **state)
{
    (void)state;
    for (size_t size = 0; size < 40; size++) {
        uint8_t *data = ledger_alloc(size, 1, &block);
        assert_non_null(data);
        assert_int_equal((uintptr_t)data % 16, 0);
        assert_int_equal(block, size + 1);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(data[i], LEDGER_POISON);
    }
    assert_int_equal(ledger_live(), 40);
}

static void test_ledger__page_behind_is_inaccessible(void **state)
{
    (void)state;
    uint8_t *data = ledger_alloc(32, 1, &block), byte;
    assert_int_equal(memory_read((uintptr_t)data + 31, &byte, 1), 1);
    assert_int_equal(memory_read((uintptr_t)data + 32, &byte, 1), 0);
}

static void test_ledger__freed_block_is_inaccessible_and_remembered(void **state)
{
    (void)state;
    uint8_t *data = ledger_alloc(24, 3, &block), byte;
    struct ledger_content content;
    data[0] = 42;
    struct ledger_fact fact = ledger_free(data, 4, &content);
    assert_int_equal(fact.state, LEDGER_LIVE);
    assert_int_equal(fact.damage, LEDGER_SOUND);
    assert_int_equal(content.len, 24);
    assert_int_equal(content.bytes[0], 42);
    assert_int_equal(memory_read((uintptr_t)data, &byte, 1), 0);
    fact = ledger_free(data, 5, &content);
    assert_int_equal(fact.state, LEDGER_FREED);
    assert_int_equal(fact.block, 1);
    assert_int_equal(fact.step, 4);
    fact = ledger_locate((uintptr_t)data + 7);
    assert_int_equal(fact.state, LEDGER_FREED);
    assert_int_equal(fact.offset, 7);
}

static void test_ledger__what_is_not_a_block_is_named(void **state)
{
    (void)state;
    int local;
    uint8_t *data = ledger_alloc(24, 1, &block);
    assert_int_equal(ledger_free(NULL, 1, NULL).state, LEDGER_NULL);
    assert_int_equal(ledger_free(&local, 1, NULL).state, LEDGER_FOREIGN);
    assert_int_equal(ledger_free(data + 1, 1, NULL).state, LEDGER_INSIDE);
    assert_int_equal(ledger_free(data - 1, 1, NULL).offset, -1);
    assert_int_equal(ledger_live(), 1);
}

static void test_ledger__damage_is_found_when_freed(void **state)
{
    (void)state;
    uint8_t *over = ledger_alloc(24, 1, &block), *under = ledger_alloc(24, 1, &block);
    over[24] ^= 1;
    under[-4000] ^= 1;
    assert_int_equal(ledger_free(over, 1, NULL).damage, LEDGER_OVERRUN);
    assert_int_equal(ledger_free(under, 1, NULL).damage, LEDGER_UNDERRUN);
}

static void test_ledger__damage_of_live_blocks_is_found_once(void **state)
{
    (void)state;
    ledger_alloc(24, 1, &block);
    uint8_t *data = ledger_alloc(24, 1, &block);
    ledger_check(note_damage);
    assert_int_equal(damaged_times, 0);
    data[-1] = 0;
    ledger_check(note_damage);
    ledger_check(note_damage);
    assert_int_equal(damaged_times, 1);
    assert_int_equal(damaged_block, 2);
    assert_int_equal(damaged_how, LEDGER_UNDERRUN);
}

static void test_ledger__realloc_moves_and_keeps_contents(void **state)
{
    (void)state;
    struct ledger_fact from;
    uint8_t *old = ledger_alloc(8, 1, &block);
    memcpy(old, "12345678", 8);
    uint8_t *moved = ledger_realloc(old, 16, 2, &from, &block);
    assert_ptr_not_equal(moved, old);
    assert_memory_equal(moved, "12345678", 8);
    assert_int_equal(moved[8], LEDGER_POISON);
    assert_int_equal(from.state, LEDGER_LIVE);
    assert_int_equal(block, 2);
    assert_int_equal(ledger_live(), 1);
    assert_null(ledger_realloc(old, 16, 2, &from, &block));
    assert_int_equal(from.state, LEDGER_FREED);
    assert_non_null(ledger_realloc(NULL, 16, 2, &from, &block));
    assert_int_equal(from.state, LEDGER_NULL);
}

static void test_ledger__impossible_sizes_fail(void **state)
{
    (void)state;
    assert_null(ledger_alloc(SIZE_MAX, 1, &block));
    assert_null(ledger_alloc((size_t)REGION_BYTES_MAX + 1, 1, &block));
    assert_int_equal(block, 0);
}

static void test_ledger__survives_more_blocks_than_it_keeps(void **state)
{
    (void)state;
    void *first = ledger_alloc(1, 1, &block);
    for (uint32_t i = 0; i < LEDGER_BLOCKS_MAX + 10; i++) {
        void *data = ledger_alloc(1, 1, &block);
        assert_non_null(data);
        assert_int_equal(ledger_free(data, 1, NULL).state, LEDGER_LIVE);
    }
    assert_int_equal(ledger_live(), 1);
    assert_true(block > LEDGER_BLOCKS_MAX);
    assert_ptr_equal(ledger_address(1), first);
    assert_int_equal(ledger_free(first, 1, NULL).state, LEDGER_LIVE);
}

static void test_ledger__live_blocks_are_bounded(void **state)
{
    (void)state;
    uint32_t count = 0;
    while (count <= LEDGER_LIVE_MAX && ledger_alloc(1, 1, &block) != NULL)
        count++;
    assert_int_equal(count, LEDGER_LIVE_MAX);
}

static void test_ledger__live_bytes_are_bounded(void **state)
{
    (void)state;
    void *last = NULL;
    size_t total = 0;
    for (void *data; (data = ledger_alloc(16u << 20, 1, &block)) != NULL; last = data)
        total += 16u << 20;
    assert_int_equal(total, LEDGER_BYTES_MAX);
    ledger_free(last, 1, NULL);
    assert_non_null(ledger_alloc(16u << 20, 1, &block));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_ledger__blocks_are_aligned_numbered_and_poisoned, start),
        cmocka_unit_test_setup(test_ledger__page_behind_is_inaccessible, start),
        cmocka_unit_test_setup(test_ledger__freed_block_is_inaccessible_and_remembered, start),
        cmocka_unit_test_setup(test_ledger__what_is_not_a_block_is_named, start),
        cmocka_unit_test_setup(test_ledger__damage_is_found_when_freed, start),
        cmocka_unit_test_setup(test_ledger__damage_of_live_blocks_is_found_once, start),
        cmocka_unit_test_setup(test_ledger__realloc_moves_and_keeps_contents, start),
        cmocka_unit_test_setup(test_ledger__impossible_sizes_fail, start),
        cmocka_unit_test_setup(test_ledger__survives_more_blocks_than_it_keeps, start),
        cmocka_unit_test_setup(test_ledger__live_blocks_are_bounded, start),
        cmocka_unit_test_setup(test_ledger__live_bytes_are_bounded, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
