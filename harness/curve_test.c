/* SPDX-License-Identifier: Apache-2.0 */
#include "curve.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

/* The P-256 key pair of RFC 5903, section 8.1, and its partner's public key and secret. */
static const char rfc5903_i[] = "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433";
static const char rfc5903_gi[] = "dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180"
                                 "5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3";
static const char rfc5903_gr[] = "d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63"
                                 "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab";
static const char rfc5903_z[] = "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de";

static struct bytes hex(struct arena *arena, const char *text)
{
    struct bytes out;
    assert_true(bytes_from_hex(arena, text, &out));
    return out;
}

static struct bytes number(struct arena *arena, const struct curve *curve, uint8_t value)
{
    uint8_t *scalar = arena_alloc(arena, curve->field_bytes, 1);
    scalar[curve->field_bytes - 1] = value;
    return (struct bytes){scalar, curve->field_bytes};
}

static struct bytes generator(struct arena *arena, const struct curve *curve)
{
    uint8_t *point = arena_alloc(arena, CURVE_POINT_BYTES_MAX, 1);
    assert_true(curve_public_from_private(curve, number(arena, curve, 1), point));
    return (struct bytes){point, 2 * curve->field_bytes};
}

static void test_curve__every_row_is_found_by_each_key(void **state)
{
    (void)state;
    size_t count = 0;
    for (const struct curve *c; (c = curve_at(count)) != NULL; count++) {
        assert_ptr_equal(curve_by_name(c->name), c);
        assert_ptr_equal(curve_by_magic(c->ecdh_magic), c);
        assert_ptr_equal(curve_by_magic(c->ecdsa_magic), c);
        assert_ptr_equal(curve_by_field_bytes(c->field_bytes), c);
        assert_ptr_equal(curve_by_key_spec(c->key_spec), c);
        assert_int_equal(c->field_bytes, (c->bits + 7) / 8);
    }
    assert_int_equal(count, 3);
    assert_null(curve_by_name("p-256"));
    assert_null(curve_by_magic(0));
    assert_null(curve_by_field_bytes(31));
    assert_null(curve_by_key_spec(3));
}

static void test_curve__published_agreement(void **state)
{
    (void)state;
    struct arena arena = {0};
    const struct curve *curve = curve_by_name("P-256");
    uint8_t point[CURVE_POINT_BYTES_MAX];
    uint8_t x[CURVE_FIELD_BYTES_MAX];
    assert_true(curve_public_from_private(curve, hex(&arena, rfc5903_i), point));
    assert_memory_equal(point, hex(&arena, rfc5903_gi).data, 64);
    assert_true(curve_shared_x(curve, hex(&arena, rfc5903_i), hex(&arena, rfc5903_gr), x));
    assert_memory_equal(x, hex(&arena, rfc5903_z).data, 32);
    arena_free(&arena);
}

static void test_curve__both_sides_agree(void **state)
{
    (void)state;
    struct arena arena = {0};
    const struct curve *c;
    for (size_t i = 0; (c = curve_at(i)) != NULL; i++) {
        struct bytes a = number(&arena, c, 7);
        struct bytes b = number(&arena, c, 200);
        uint8_t ga[CURVE_POINT_BYTES_MAX], gb[CURVE_POINT_BYTES_MAX];
        uint8_t za[CURVE_FIELD_BYTES_MAX], zb[CURVE_FIELD_BYTES_MAX];
        assert_true(curve_public_from_private(c, a, ga) && curve_public_from_private(c, b, gb));
        assert_true(curve_shared_x(c, a, (struct bytes){gb, 2 * c->field_bytes}, za));
        assert_true(curve_shared_x(c, b, (struct bytes){ga, 2 * c->field_bytes}, zb));
        assert_memory_equal(za, zb, c->field_bytes);
    }
    arena_free(&arena);
}

static void test_curve__scalars_outside_the_range_are_refused(void **state)
{
    (void)state;
    struct arena arena = {0};
    const struct curve *c = curve_by_name("P-256");
    uint8_t point[CURVE_POINT_BYTES_MAX];
    struct bytes n =
        hex(&arena, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    struct bytes n1 =
        hex(&arena, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550");
    assert_false(curve_scalar_is_valid(c, number(&arena, c, 0)));
    assert_false(curve_scalar_is_valid(c, n));
    assert_false(curve_scalar_is_valid(c, (struct bytes){n1.data, 31}));
    assert_false(curve_scalar_is_valid(c, (struct bytes){NULL, 0}));
    assert_true(curve_scalar_is_valid(c, n1));
    assert_false(curve_public_from_private(c, n, point));
    arena_free(&arena);
}

static void test_curve__scalar_from_bytes_reduces_into_the_range(void **state)
{
    (void)state;
    struct arena arena = {0};
    const struct curve *c = curve_by_name("P-256");
    uint8_t scalar[CURVE_FIELD_BYTES_MAX];
    struct bytes n1 =
        hex(&arena, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550");
    curve_scalar_from_bytes(c, (struct bytes){NULL, 0}, scalar);
    assert_memory_equal(scalar, number(&arena, c, 1).data, 32);
    curve_scalar_from_bytes(c, n1, scalar);
    assert_memory_equal(scalar, number(&arena, c, 1).data, 32);
    curve_scalar_from_bytes(c, hex(&arena, "05"), scalar);
    assert_memory_equal(scalar, number(&arena, c, 6).data, 32);
    arena_free(&arena);
}

static void test_curve__points_of_wrong_length_or_curve_are_refused(void **state)
{
    (void)state;
    struct arena arena = {0};
    const struct curve *c;
    uint8_t x[CURVE_FIELD_BYTES_MAX];
    for (size_t i = 0; (c = curve_at(i)) != NULL; i++) {
        struct bytes g = generator(&arena, c);
        assert_true(curve_point_is_valid(c, g));
        assert_false(curve_point_is_valid(c, (struct bytes){g.data, g.len - 1}));
        assert_false(curve_point_is_valid(c, (struct bytes){NULL, 0}));
        const struct curve *other = curve_at((i + 1) % 3);
        assert_false(curve_point_is_valid(other, g));
        assert_false(curve_shared_x(other, number(&arena, other, 2), g, x));
    }
    arena_free(&arena);
}

static void test_curve__bad_points_are_bad(void **state)
{
    (void)state;
    struct arena arena = {0};
    const struct curve *c;
    for (size_t i = 0; (c = curve_at(i)) != NULL; i++) {
        struct bytes g = generator(&arena, c);
        size_t kinds = 0;
        for (const char *kind; (kind = curve_bad_point_kind(kinds)) != NULL; kinds++) {
            uint8_t point[CURVE_POINT_BYTES_MAX];
            assert_true(curve_bad_point(c, kind, g, point));
            assert_false(curve_point_is_valid(c, (struct bytes){point, g.len}));
        }
        assert_int_equal(kinds, 6);
    }
    arena_free(&arena);
}

static void test_curve__bad_points_of_unknown_kind_or_from_bad_points_are_refused(void **state)
{
    (void)state;
    struct arena arena = {0};
    const struct curve *c = curve_by_name("P-256");
    struct bytes g = generator(&arena, c);
    uint8_t point[CURVE_POINT_BYTES_MAX];
    assert_false(curve_bad_point(c, "twist", g, point));
    assert_false(curve_bad_point(c, "zero", (struct bytes){g.data, 63}, point));
    arena_free(&arena);
}

/* x + p with p added to 0 to 63: the top half of P-256's p is still there, and minus p it is valid.
 */
static void test_curve__overflow_is_a_valid_point_modulo_p(void **state)
{
    (void)state;
    struct arena arena = {0};
    const struct curve *c = curve_by_name("P-256");
    uint8_t point[CURVE_POINT_BYTES_MAX];
    struct bytes p =
        hex(&arena, "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");
    assert_true(curve_bad_point(c, "overflow", generator(&arena, c), point));
    unsigned borrow = 0;
    for (size_t i = 32; i-- > 0;) {
        unsigned difference = 256u + point[i] - p.data[i] - borrow;
        point[i] = (uint8_t)difference;
        borrow = difference < 256;
    }
    assert_int_equal(borrow, 0);
    assert_true(curve_point_is_valid(c, (struct bytes){point, 64}));
    arena_free(&arena);
}

/* y is p + 1: minus p the point is valid. */
static void test_curve__overflow_y_is_a_valid_point_modulo_p(void **state)
{
    (void)state;
    static const char *const names[] = {"P-256", "P-384", "P-521"};
    for (size_t i = 0; i < 3; i++) {
        struct arena arena = {0};
        const struct curve *c = curve_by_name(names[i]);
        uint8_t point[CURVE_POINT_BYTES_MAX];
        size_t len = c->field_bytes;
        assert_true(curve_bad_point(c, "overflow-y", generator(&arena, c), point));
        assert_false(curve_point_is_valid(c, (struct bytes){point, 2 * len}));
        memset(point + len, 0, len);
        point[2 * len - 1] = 1;
        assert_true(curve_point_is_valid(c, (struct bytes){point, 2 * len}));
        arena_free(&arena);
    }
}

static void test_curve__search_finds_the_first_leading_zero(void **state)
{
    (void)state;
    struct arena arena = {0};
    const struct curve *c;
    for (size_t i = 0; (c = curve_at(i)) != NULL; i++) {
        const size_t zeros = c->bits == 521 ? 2 : 1;
        struct bytes g = generator(&arena, c);
        struct bytes at = {arena_alloc(&arena, c->field_bytes, 1), c->field_bytes};
        uint8_t *found = arena_alloc(&arena, c->field_bytes, 1);
        uint8_t *d = arena_alloc(&arena, c->field_bytes, 1);
        uint8_t x[CURVE_FIELD_BYTES_MAX];
        assert_true(curve_find_leading_zeros(c, g, number(&arena, c, 1), zeros, 10000, found));
        unsigned steps = 0;
        do { /* the same walk, one multiplication a step */
            steps++;
            d[c->field_bytes - 1] = (uint8_t)steps;
            d[c->field_bytes - 2] = (uint8_t)(steps >> 8);
            at.data = d;
            assert_true(curve_shared_x(c, at, g, x));
        } while (x[0] != 0 || x[zeros - 1] != 0);
        assert_memory_equal(found, d, c->field_bytes);
        assert_false(curve_find_leading_zeros(c, g, number(&arena, c, 1), zeros, steps - 1, found));
    }
    arena_free(&arena);
}

/* The X coordinate of 4 * G begins with e2: every bit of its width is used. */
static void test_curve__search_for_no_zero_stays(void **state)
{
    (void)state;
    struct arena arena = {0};
    const struct curve *c = curve_by_name("P-256");
    uint8_t found[CURVE_FIELD_BYTES_MAX];
    assert_true(
        curve_find_leading_zeros(c, generator(&arena, c), number(&arena, c, 4), 0, 1, found));
    assert_memory_equal(found, number(&arena, c, 4).data, 32);
    assert_false(
        curve_find_leading_zeros(c, generator(&arena, c), number(&arena, c, 4), 33, 9, found));
    assert_false(
        curve_find_leading_zeros(c, generator(&arena, c), number(&arena, c, 0), 0, 9, found));
    arena_free(&arena);
}

static void test_curve__blob_round_trip(void **state)
{
    (void)state;
    struct arena arena = {0};
    const struct curve *c;
    for (size_t i = 0; (c = curve_at(i)) != NULL; i++) {
        struct bytes g = generator(&arena, c);
        struct bytes blob = curve_blob(&arena, c->ecdh_magic, (uint32_t)c->field_bytes, g);
        const struct curve *curve = NULL;
        struct bytes point = {0};
        assert_true(curve_blob_read(blob, &curve, &point));
        assert_ptr_equal(curve, c);
        assert_true(bytes_equal(point, g));
        assert_memory_equal(blob.data, "ECK", 3);
        assert_int_equal(blob.data[4], c->field_bytes);
        for (size_t len = 0; len < blob.len; len++)
            assert_false(curve_blob_read((struct bytes){blob.data, len}, &curve, &point));
    }
    arena_free(&arena);
}

static void test_curve__blob_with_wrong_header_is_refused(void **state)
{
    (void)state;
    struct arena arena = {0};
    const struct curve *c = curve_by_name("P-256");
    struct bytes g = generator(&arena, c);
    const struct curve *curve = NULL;
    struct bytes point;
    assert_false(curve_blob_read(curve_blob(&arena, c->ecdh_magic, 33, g), &curve, &point));
    assert_false(curve_blob_read(curve_blob(&arena, c->ecdh_magic, UINT32_MAX, g), &curve, &point));
    assert_false(curve_blob_read(curve_blob(&arena, 0x324B4345, 32, g), &curve, &point));
    assert_false(curve_blob_read(curve_blob(&arena, 0x334B4345, 32, g), &curve, &point));
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_curve__every_row_is_found_by_each_key),
        cmocka_unit_test(test_curve__published_agreement),
        cmocka_unit_test(test_curve__both_sides_agree),
        cmocka_unit_test(test_curve__scalars_outside_the_range_are_refused),
        cmocka_unit_test(test_curve__scalar_from_bytes_reduces_into_the_range),
        cmocka_unit_test(test_curve__points_of_wrong_length_or_curve_are_refused),
        cmocka_unit_test(test_curve__bad_points_are_bad),
        cmocka_unit_test(test_curve__bad_points_of_unknown_kind_or_from_bad_points_are_refused),
        cmocka_unit_test(test_curve__overflow_is_a_valid_point_modulo_p),
        cmocka_unit_test(test_curve__overflow_y_is_a_valid_point_modulo_p),
        cmocka_unit_test(test_curve__search_finds_the_first_leading_zero),
        cmocka_unit_test(test_curve__search_for_no_zero_stays),
        cmocka_unit_test(test_curve__blob_round_trip),
        cmocka_unit_test(test_curve__blob_with_wrong_header_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
