/* SPDX-License-Identifier: Apache-2.0 */
#include "peer.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

static const uint8_t seed_bytes[] = {1, 2, 3, 4};
static const struct bytes seed = {seed_bytes, sizeof seed_bytes};

static void test_peer__same_purpose_same_key(void **state)
{
    (void)state;
    const struct curve *c;
    for (size_t i = 0; (c = curve_at(i)) != NULL; i++) {
        struct peer_key a, b;
        peer_make(c, seed, "derive/hash", 0, &a);
        peer_make(c, seed, "derive/hash", 0, &b);
        assert_memory_equal(&a, &b, sizeof a);
        assert_true(curve_point_is_valid(c, peer_point(&a)));
        assert_true(curve_scalar_is_valid(c, peer_scalar(&a)));
    }
}

static void test_peer__other_purpose_other_key(void **state)
{
    (void)state;
    const struct curve *c = curve_by_name("P-256");
    struct peer_key key, other;
    peer_make(c, seed, "derive/hash", 0, &key);
    peer_make(c, seed, "derive/hash", 1, &other);
    assert_memory_not_equal(key.scalar, other.scalar, 32);
    peer_make(c, seed, "derive/hast", 0, &other);
    assert_memory_not_equal(key.scalar, other.scalar, 32);
    peer_make(c, (struct bytes){seed_bytes, 3}, "derive/hash", 0, &other);
    assert_memory_not_equal(key.scalar, other.scalar, 32);
    peer_make(c, (struct bytes){NULL, 0}, "derive/hash", 0, &other);
    assert_memory_not_equal(key.scalar, other.scalar, 32);
}

static void test_peer__from_scalar_gives_the_same_key(void **state)
{
    (void)state;
    struct peer_key key, again;
    peer_make(curve_by_name("P-521"), seed, "x", 0, &key);
    assert_true(peer_from_scalar(key.curve, peer_scalar(&key), &again));
    assert_memory_equal(key.point, again.point, sizeof key.point);
    assert_false(peer_from_scalar(curve_by_name("P-256"), peer_scalar(&key), &again));
}

static void test_peer__secret_begins_with_zeros(void **state)
{
    (void)state;
    static struct peer_cache cache;
    const struct curve *c;
    for (size_t i = 0; (c = curve_at(i)) != NULL; i++) {
        struct peer_key card, key, again;
        peer_make(c, seed, "card", 0, &card);
        for (unsigned zeros = 1; zeros <= peer_leading_zeros_max(c); zeros++) {
            static const uint8_t nothing[4];
            uint8_t z[CURVE_FIELD_BYTES_MAX];
            assert_true(peer_make_leading_zeros(&cache, c, seed, peer_point(&card), zeros, &key));
            assert_true(peer_shared_secret(&key, peer_point(&card), z));
            assert_memory_equal(z, nothing, zeros + (c->bits == 521));
            struct peer_cache fresh = {0};
            assert_true(peer_make_leading_zeros(&fresh, c, seed, peer_point(&card), zeros, &again));
            assert_memory_equal(&key, &again, sizeof key);
        }
        assert_false(peer_make_leading_zeros(&cache, c, seed, peer_point(&card), 0, &key));
        assert_false(peer_make_leading_zeros(&cache, c, seed, peer_point(&card), 3, &key));
    }
    assert_int_equal(cache.count, 4);
}

static void test_peer__search_is_cached_per_card_key(void **state)
{
    (void)state;
    static struct peer_cache cache;
    const struct curve *c = curve_by_name("P-256");
    struct peer_key card, other, key;
    peer_make(c, seed, "card", 0, &card);
    peer_make(c, seed, "card", 1, &other);
    assert_true(peer_make_leading_zeros(&cache, c, seed, peer_point(&card), 1, &key));
    cache.entries[0].key.scalar[0] ^= 1; /* a mark that only the cache can give back */
    struct peer_key cached;
    assert_true(peer_make_leading_zeros(&cache, c, seed, peer_point(&card), 1, &cached));
    assert_int_equal(cached.scalar[0], key.scalar[0] ^ 1);
    assert_int_equal(cache.count, 1);
    assert_true(peer_make_leading_zeros(&cache, c, seed, peer_point(&other), 1, &cached));
    assert_int_equal(cache.count, 2);
}

static void test_peer__full_cache_changes_nothing(void **state)
{
    (void)state;
    static struct peer_cache empty, full;
    const struct curve *c = curve_by_name("P-256");
    struct peer_key card, a, b;
    peer_make(c, seed, "card", 0, &card);
    full.count = PEER_CACHE_ENTRIES;
    assert_true(peer_make_leading_zeros(&empty, c, seed, peer_point(&card), 1, &a));
    assert_true(peer_make_leading_zeros(&full, c, seed, peer_point(&card), 1, &b));
    assert_memory_equal(&a, &b, sizeof a);
    assert_int_equal(full.count, PEER_CACHE_ENTRIES);
}

static void test_peer__bad_card_points_are_refused(void **state)
{
    (void)state;
    static struct peer_cache cache;
    const struct curve *c = curve_by_name("P-384");
    struct peer_key key, out;
    uint8_t bad[CURVE_POINT_BYTES_MAX], z[CURVE_FIELD_BYTES_MAX];
    peer_make(c, seed, "card", 0, &key);
    assert_true(curve_bad_point(c, "off-curve", peer_point(&key), bad));
    assert_false(peer_make_leading_zeros(&cache, c, seed, (struct bytes){bad, 96}, 1, &out));
    assert_false(peer_make_leading_zeros(&cache, c, seed, (struct bytes){bad, 95}, 1, &out));
    assert_false(peer_shared_secret(&key, (struct bytes){bad, 96}, z));
    assert_false(peer_shared_secret(&key, (struct bytes){NULL, 0}, z));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_peer__same_purpose_same_key),
        cmocka_unit_test(test_peer__other_purpose_other_key),
        cmocka_unit_test(test_peer__from_scalar_gives_the_same_key),
        cmocka_unit_test(test_peer__secret_begins_with_zeros),
        cmocka_unit_test(test_peer__search_is_cached_per_card_key),
        cmocka_unit_test(test_peer__full_cache_changes_nothing),
        cmocka_unit_test(test_peer__bad_card_points_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
