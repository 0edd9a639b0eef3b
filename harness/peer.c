/* SPDX-License-Identifier: Apache-2.0 */
#include "peer.h"

#include <assert.h>
#include <openssl/evp.h>
#include <string.h>

enum { MAC_BYTES = 64, WIDE_BYTES = 2 * MAC_BYTES };

struct bytes peer_scalar(const struct peer_key *key)
{
    return (struct bytes){key->scalar, key->curve->field_bytes};
}

struct bytes peer_point(const struct peer_key *key)
{
    return (struct bytes){key->point, 2 * key->curve->field_bytes};
}

/* What a key is for: purpose tells the families of keys apart, subject and counter the members. */
struct use {
    const char *purpose;
    struct bytes subject;
    uint32_t counter;
};

/* A context that has its key already begins anew without deriving its pads again. */
static bool begin(EVP_MAC_CTX *ctx, struct bytes seed)
{
    static uint8_t known[MAC_BYTES];
    static size_t known_len = SIZE_MAX;
    static const uint8_t nothing[1];
    if (bytes_equal(seed, (struct bytes){known, known_len}))
        return EVP_MAC_init(ctx, NULL, 0, NULL) == 1;
    known_len = seed.len <= sizeof known ? seed.len : SIZE_MAX;
    if (known_len == seed.len && seed.len > 0)
        memcpy(known, seed.data, seed.len);
    return EVP_MAC_init(ctx, seed.len > 0 ? seed.data : nothing, seed.len, NULL) == 1;
}

static bool mac(EVP_MAC_CTX *ctx, struct bytes seed, const struct curve *curve,
                const struct use *use, uint8_t block, uint8_t *out)
{
    const uint8_t tail[] = {(uint8_t)(use->counter >> 24), (uint8_t)(use->counter >> 16),
                            (uint8_t)(use->counter >> 8), (uint8_t)use->counter, block};
    size_t len = 0;
    /* The NULs behind the names keep one field from running into the next. */
    return begin(ctx, seed) &&
           EVP_MAC_update(ctx, (const uint8_t *)use->purpose, strlen(use->purpose) + 1) == 1 &&
           EVP_MAC_update(ctx, (const uint8_t *)curve->name, strlen(curve->name) + 1) == 1 &&
           EVP_MAC_update(ctx, use->subject.data, use->subject.len) == 1 &&
           EVP_MAC_update(ctx, tail, sizeof tail) == 1 &&
           EVP_MAC_final(ctx, out, &len, MAC_BYTES) == 1 && len == MAC_BYTES;
}

/* Finding the algorithm costs more than using it: the context is made once and kept. */
static EVP_MAC_CTX *mac_context(void)
{
    static EVP_MAC_CTX *ctx;
    char digest[] = "SHA512";
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string("digest", digest, 0),
                           OSSL_PARAM_construct_end()};
    if (ctx != NULL)
        return ctx;
    EVP_MAC *algorithm = EVP_MAC_fetch(NULL, "HMAC", NULL);
    ctx = EVP_MAC_CTX_new(algorithm);
    EVP_MAC_free(algorithm);
    bool ok = ctx != NULL && EVP_MAC_CTX_set_params(ctx, params) == 1;
    assert(ok);
    return ctx;
}

/* 1024 bits for an order of at most 521: the bias of the reduction is negligible. */
static void scalar_make(const struct curve *curve, struct bytes seed, const struct use *use,
                        uint8_t *scalar)
{
    EVP_MAC_CTX *ctx = mac_context();
    uint8_t wide[WIDE_BYTES];
    bool ok =
        mac(ctx, seed, curve, use, 0, wide) && mac(ctx, seed, curve, use, 1, wide + MAC_BYTES);
    assert(ok);
    curve_scalar_from_bytes(curve, (struct bytes){wide, sizeof wide}, scalar);
}

bool peer_from_scalar(const struct curve *curve, struct bytes scalar, struct peer_key *out)
{
    struct peer_key key = {.curve = curve};
    if (!curve_public_from_private(curve, scalar, key.point))
        return false;
    memcpy(key.scalar, scalar.data, scalar.len);
    *out = key;
    return true;
}

void peer_make(const struct curve *curve, struct bytes seed, const char *case_id, uint32_t counter,
               struct peer_key *out)
{
    const struct bytes subject = {(const uint8_t *)case_id, strlen(case_id) + 1};
    const struct use use = {"new", subject, counter};
    uint8_t scalar[CURVE_FIELD_BYTES_MAX];
    scalar_make(curve, seed, &use, scalar);
    bool ok = peer_from_scalar(curve, (struct bytes){scalar, curve->field_bytes}, out);
    assert(ok);
}

unsigned peer_leading_zeros_max(const struct curve *curve)
{
    return curve->bits == 256 ? 2 : 1;
}

static const struct peer_key *cache_find(const struct peer_cache *cache, const struct curve *curve,
                                         struct bytes card_point, unsigned zeros)
{
    for (size_t i = 0; i < cache->count; i++) {
        const struct peer_cache_entry *entry = &cache->entries[i];
        if (entry->key.curve == curve && entry->zeros == zeros &&
            memcmp(entry->card_point, card_point.data, card_point.len) == 0)
            return &entry->key;
    }
    return NULL;
}

static void cache_add(struct peer_cache *cache, struct bytes card_point, unsigned zeros,
                      const struct peer_key *key)
{
    if (cache->count == PEER_CACHE_ENTRIES)
        return;
    struct peer_cache_entry *entry = &cache->entries[cache->count++];
    memcpy(entry->card_point, card_point.data, card_point.len);
    entry->zeros = zeros;
    entry->key = *key;
}

bool peer_make_leading_zeros(struct peer_cache *cache, const struct curve *curve, struct bytes seed,
                             struct bytes card_point, unsigned zeros, struct peer_key *out)
{
    if (zeros == 0 || zeros > peer_leading_zeros_max(curve) ||
        card_point.len != 2 * curve->field_bytes)
        return false;
    const struct peer_key *known = cache_find(cache, curve, card_point, zeros);
    if (known != NULL) {
        *out = *known;
        return true;
    }
    const struct use use = {"leading zeros", card_point, zeros};
    const size_t zero_bytes = zeros + (curve->bits % 8 == 0 ? 0 : 1);
    uint8_t start[CURVE_FIELD_BYTES_MAX];
    uint8_t scalar[CURVE_FIELD_BYTES_MAX];
    scalar_make(curve, seed, &use, start);
    if (!curve_find_leading_zeros(curve, card_point, (struct bytes){start, curve->field_bytes},
                                  zero_bytes, PEER_SEARCH_STEPS, scalar) ||
        !peer_from_scalar(curve, (struct bytes){scalar, curve->field_bytes}, out))
        return false;
    cache_add(cache, card_point, zeros, out);
    return true;
}

bool peer_shared_secret(const struct peer_key *key, struct bytes card_point, uint8_t *z)
{
    return curve_shared_x(key->curve, peer_scalar(key), card_point, z);
}
