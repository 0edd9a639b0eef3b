/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"
#include "unit.h"

static struct arena keep;

static int release(void **state)
{
    (void)state;
    arena_free(&keep);
    return 0;
}

static struct bytes text(const char *s)
{
    return (struct bytes){(const uint8_t *)s, strlen(s)};
}

static void test_bytes__hex_round_trip(void **state)
{
    (void)state;
    struct bytes out;
    assert_true(bytes_from_hex(&keep, "00fF 7a", &out));
    assert_int_equal(out.len, 3);
    assert_string_equal(bytes_to_hex(&keep, out), "00ff7a");
    assert_true(bytes_from_hex(&keep, "", &out));
    assert_int_equal(out.len, 0);
}

static void test_bytes__bad_hex_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"0", "0g", "g0", "00 1", "0 0", "0x00"};
    struct bytes out;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(bytes_from_hex(&keep, bad[i], &out));
}

static void test_bytes__find(void **state)
{
    (void)state;
    assert_int_equal(bytes_find(text("abcabd"), text("abd")), 3);
    assert_int_equal(bytes_find(text("abc"), text("abcd")), SIZE_MAX);
    assert_int_equal(bytes_find(text("abc"), text("")), SIZE_MAX);
    assert_int_equal(bytes_find((struct bytes){NULL, 0}, text("a")), SIZE_MAX);
}

static void test_bytes__equal(void **state)
{
    (void)state;
    assert_true(bytes_equal(text("ab"), text("ab")));
    assert_false(bytes_equal(text("ab"), text("ac")));
    assert_true(bytes_equal((struct bytes){NULL, 0}, text("")));
}

static void test_bytes__utf16_has_a_nul_and_surrogates(void **state)
{
    (void)state;
    struct bytes out;
    assert_true(bytes_from_utf8_as_utf16(&keep, "A\xC3\xA9\xF0\x9F\x98\x80", &out));
    assert_string_equal(bytes_to_hex(&keep, out), "4100e9003dd800de0000");
    assert_true(bytes_from_utf8_as_utf16(&keep, "", &out));
    assert_int_equal(out.len, 2);
}

static void test_bytes__bad_utf8_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\xC3", "\xC3(", "\x80", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFF"};
    struct bytes out;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(bytes_from_utf8_as_utf16(&keep, bad[i], &out));
}

static void test_bytes__reversed(void **state)
{
    static const uint8_t some[] = {1, 2, 3};
    struct arena arena = {0};
    (void)state;
    struct bytes turned = bytes_reversed(&arena, (struct bytes){some, sizeof some});
    assert_string_equal(bytes_to_hex(&arena, turned), "030201");
    assert_int_equal(bytes_reversed(&arena, (struct bytes){NULL, 0}).len, 0);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_bytes__hex_round_trip, release),
        cmocka_unit_test_teardown(test_bytes__bad_hex_is_refused, release),
        cmocka_unit_test(test_bytes__reversed),
        cmocka_unit_test(test_bytes__find),
        cmocka_unit_test(test_bytes__equal),
        cmocka_unit_test_teardown(test_bytes__utf16_has_a_nul_and_surrogates, release),
        cmocka_unit_test_teardown(test_bytes__bad_utf8_is_refused, release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
