/* SPDX-License-Identifier: Apache-2.0 */
#include "apdu_view.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define VIEW(...) apdu_view((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void test_apdu_view__cases_1_to_4(void **state)
{
    (void)state;
    assert_int_equal(VIEW(0, 0xA4, 4, 0).lc, 0);
    assert_int_equal(VIEW(0, 0xA4, 4, 0, 0).lc, 0);
    assert_int_equal(VIEW(0, 0xA4, 4, 0, 2, 1, 2).lc, 2);
    assert_int_equal(VIEW(0, 0xA4, 4, 0, 2, 1, 2, 0).lc, 2);
    assert_int_equal(VIEW(0, 0x87, 4, 0, 0, 0, 2, 1, 2, 0, 0).lc, 2);
    assert_int_equal(VIEW(0, 0x87, 4, 0, 0, 0, 2, 1, 2, 0, 0).shown, 11);
}

static void test_apdu_view__pin_data_is_never_shown(void **state)
{
    (void)state;
    assert_int_equal(VIEW(0, 0x20, 0, 0x80, 4, '1', '2', '3', '4').shown, 4);
    assert_int_equal(VIEW(0, 0x20, 0, 0x80, 4, '1', '2', '3', '4').lc, 4);
    assert_int_equal(VIEW(0x10, 0x24, 0, 0x80, 4, '1', '2', '3', '4').shown, 4);
    assert_int_equal(VIEW(0x8C, 0x2C, 0, 0x80, 4, '1', '2', '3', '4').shown, 4);
    assert_int_equal(VIEW(0, 0x21, 0, 0x80, 4, '1', '2', '3', '4').shown, 4);
    assert_int_equal(VIEW(0, 0x20, 0, 0x80, 0, 0, 4, '1', '2', '3', '4').shown, 4);
    /* lengths that lie */
    assert_int_equal(VIEW(0, 0x20, 0, 0x80, 9, '1', '2', '3', '4').shown, 4);
    assert_int_equal(VIEW(0, 0x20, 0, 0x80, 1, '1', '2', '3', '4').shown, 4);
    assert_int_equal(VIEW(0, 0x20, 0, 0x80, 9, '1', '2').lc, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_apdu_view__cases_1_to_4),
        cmocka_unit_test(test_apdu_view__pin_data_is_never_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
