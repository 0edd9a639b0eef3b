/* SPDX-License-Identifier: Apache-2.0 */
#include "probe_key.h"

#include "unit.h"

#include <string.h>

/* A blob of 5G with that header, without its first bytes. */
static struct probed_key read_blob(struct arena *arena, const struct curve *curve, uint32_t magic,
                                   uint32_t cb_key, size_t dropped)
{
    uint8_t *scalar = arena_alloc(arena, curve->field_bytes, 1);
    uint8_t *point = arena_alloc(arena, 2 * curve->field_bytes, 1);
    scalar[curve->field_bytes - 1] = 5;
    assert_true(
        curve_public_from_private(curve, (struct bytes){scalar, curve->field_bytes}, point));
    struct bytes blob =
        curve_blob(arena, magic, cb_key, (struct bytes){point, 2 * curve->field_bytes});
    return probe_key_read((struct bytes){blob.data + dropped, blob.len - dropped});
}

static void test_probe_key__well_made(void **state)
{
    struct arena arena = {0};
    (void)state;
    for (size_t i = 0; curve_at(i) != NULL; i++) {
        const struct curve *curve = curve_at(i);
        struct probed_key key =
            read_blob(&arena, curve, curve->ecdh_magic, (uint32_t)curve->field_bytes, 0);
        assert_true(key.well_made);
        assert_ptr_equal(key.curve, curve);
        assert_int_equal(key.magic, curve->ecdh_magic);
    }
    arena_free(&arena);
}

static void test_probe_key__point_is_found(void **state)
{
    struct arena arena = {0};
    (void)state;
    for (size_t i = 0; curve_at(i) != NULL; i++) {
        const struct curve *curve = curve_at(i);
        struct probed_key keys[] = {
            read_blob(&arena, curve, curve->ecdh_magic, 2 * (uint32_t)curve->field_bytes, 0),
            read_blob(&arena, curve, 0, (uint32_t)curve->field_bytes, 0),
            read_blob(&arena, curve, curve->ecdh_magic, 0, CURVE_BLOB_HEADER_BYTES),
        };
        for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
            assert_false(keys[k].well_made);
            assert_ptr_equal(keys[k].curve, curve);
            assert_int_equal(keys[k].point.len, 2 * curve->field_bytes);
        }
    }
    arena_free(&arena);
}

static void test_probe_key__magic_without_point(void **state)
{
    static const uint8_t cut[] = {'E', 'C', 'K', '5', 66, 0, 0, 0, 1, 2, 3};
    (void)state;
    struct probed_key key = probe_key_read((struct bytes){cut, sizeof cut});
    assert_false(key.well_made);
    assert_ptr_equal(key.curve, curve_by_name("P-521"));
    assert_null(key.point.data);
}

static void test_probe_key__anything_else(void **state)
{
    static const uint8_t rsa[] = {6, 2, 0, 0, 0, 0xA4, 0, 0, 'R', 'S', 'A', '1', 0};
    static const uint8_t noise[] = {1, 2, 3};
    (void)state;
    assert_true(probe_key_read((struct bytes){rsa, sizeof rsa}).rsa);
    assert_null(probe_key_read((struct bytes){noise, sizeof noise}).curve);
    assert_null(probe_key_read((struct bytes){noise, 0}).curve);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_probe_key__well_made),
        cmocka_unit_test(test_probe_key__point_is_found),
        cmocka_unit_test(test_probe_key__magic_without_point),
        cmocka_unit_test(test_probe_key__anything_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
