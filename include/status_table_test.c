/* SPDX-License-Identifier: Apache-2.0 */
/* The status table names each number once, ascending. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mdcts/status.h"

struct status_row {
    uint32_t value;
    const char *name;
};

#define STATUS_ROW(code) {code, #code},
static const struct status_row rows[] = {MDCTS_STATUS_TABLE(STATUS_ROW)};
#define ROW_COUNT (sizeof rows / sizeof rows[0])

static void test_status_table__ascends_so_no_number_has_two_names(void **state)
{
    (void)state;
    for (size_t i = 1; i < ROW_COUNT; i++)
        assert_true(rows[i - 1].value < rows[i].value);
}

static void test_status_table__has_the_numbers_of_the_interface(void **state)
{
    (void)state;
    assert_int_equal(SCARD_E_INVALID_PARAMETER, 0x80100004u);
    assert_int_equal(SCARD_E_UNSUPPORTED_FEATURE, 0x80100022u);
    assert_int_equal(SCARD_E_NO_KEY_CONTAINER, 0x80100030u);
    assert_int_equal(SCARD_W_SECURITY_VIOLATION, 0x8010006Au);
    assert_int_equal(ERROR_REVISION_MISMATCH, 1306);
    assert_int_equal(ERROR_INSUFFICIENT_BUFFER, 122);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status_table__ascends_so_no_number_has_two_names),
        cmocka_unit_test(test_status_table__has_the_numbers_of_the_interface),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
