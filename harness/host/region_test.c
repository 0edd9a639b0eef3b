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
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_region__data_is_zero_canary_around_it_and_nothing_behind),
        cmocka_unit_test(test_region__no_two_share_a_page),
        cmocka_unit_test(test_region__a_closed_one_stays_in_its_place_but_cannot_be_read),
        cmocka_unit_test(test_region__places_made_ahead_are_like_the_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}
