/* SPDX-License-Identifier: Apache-2.0 */
#include "region.h"

#include "../unit.h"

enum { REGIONS = 40 }; /* more than are made ahead */

static struct region regions[REGIONS];

static bool readable(const uint8_t *at)
{
    uint8_t byte;
    return memory_read((uintptr_t)at, &byte, 1) == 1;
}

/* The first ones come from places made ahead, the others are made when they are asked for. */
static void take_all(void)
{
    for (size_t i = 0; i < REGIONS; i++) {
        regions[i] = region_new(8 + i, 16, true);
        assert_non_null(regions[i].data);
    }
}

static void free_all(void)
{
    for (size_t i = 0; i < REGIONS; i++)
        region_free(&regions[i]);
}

static void test_region__data_is_zero_canary_around_it_and_nothing_behind(void **state)
{
    (void)state;
    take_all();
    for (size_t i = 0; i < REGIONS; i++) {
        const struct region *region = &regions[i];
        for (size_t at = 0; at < region->size; at++)
            assert_int_equal(region->data[at], 0);
        assert_int_equal(region->data[-1], REGION_CANARY);
        assert_int_equal(region->pages[0], REGION_CANARY);
        assert_false(readable(region->data + region->size));
        assert_false(readable(region->pages - 1));
    }
    free_all();
}

static void test_region__no_two_share_a_page(void **state)
{
    (void)state;
    take_all();
    for (size_t i = 0; i < REGIONS; i++)
        memset(regions[i].data, (int)i + 1, regions[i].size);
    for (size_t i = 0; i < REGIONS; i++)
        assert_int_equal(regions[i].data[0], i + 1);
    free_all();
}

static void test_region__a_closed_one_stays_in_its_place_but_cannot_be_read(void **state)
{
    (void)state;
    take_all();
    for (size_t i = 0; i < REGIONS; i++) {
        region_close(&regions[i]);
        assert_false(readable(regions[i].data));
        assert_true(region_holds(&regions[i], (uintptr_t)regions[i].data));
        if (i + 1 < REGIONS)
            assert_true(readable(regions[i + 1].data));
    }
    free_all();
}

/* The last one stays open, whether it lies beside the others or not. */
static void test_region__neighbours_are_closed_together(void **state)
{
    (void)state;
    take_all();
    size_t calls = 0;
    for (size_t i = 0; i < REGIONS - 1; calls++) {
        struct region together = regions[i++];
        while (i < REGIONS - 1 && region_join(&together, &regions[i]))
            i++;
        region_close(&together);
    }
    assert_in_range(calls, 1, REGIONS / 2);
    for (size_t i = 0; i < REGIONS - 1; i++)
        assert_false(readable(regions[i].data));
    assert_true(readable(regions[REGIONS - 1].data));
    free_all();
}

static void test_region__any_byte_spoils_the_canary(void **state)
{
    (void)state;
    uint8_t bytes[40];
    memset(bytes, REGION_CANARY, sizeof bytes);
    for (size_t len = 0; len <= sizeof bytes; len++)
        assert_true(region_is_canary(bytes, len));
    for (size_t at = 0; at < sizeof bytes; at++) {
        bytes[at] ^= 1;
        assert_false(region_is_canary(bytes, sizeof bytes));
        assert_true(region_is_canary(bytes, at));
        bytes[at] ^= 1;
    }
    memset(bytes, 0, sizeof bytes); /* all alike, and none of them right */
    assert_false(region_is_canary(bytes, sizeof bytes));
    assert_false(region_is_canary(bytes, 1));
}

/* Last, since places are not given twice. */
static void test_region__places_made_ahead_are_like_the_others(void **state)
{
    regions_prepare();
    regions_warm();
    test_region__data_is_zero_canary_around_it_and_nothing_behind(state);
    regions_prepare();
    test_region__no_two_share_a_page(state);
    regions_prepare();
    test_region__a_closed_one_stays_in_its_place_but_cannot_be_read(state);
    regions_prepare();
    test_region__neighbours_are_closed_together(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_region__data_is_zero_canary_around_it_and_nothing_behind),
        cmocka_unit_test(test_region__no_two_share_a_page),
        cmocka_unit_test(test_region__a_closed_one_stays_in_its_place_but_cannot_be_read),
        cmocka_unit_test(test_region__neighbours_are_closed_together),
        cmocka_unit_test(test_region__any_byte_spoils_the_canary),
        cmocka_unit_test(test_region__places_made_ahead_are_like_the_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}
