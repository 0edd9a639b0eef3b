/* SPDX-License-Identifier: Apache-2.0 */
#include "oracle_arithmetic.h"

#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const struct hash {
    const char *name; /* CNG's; OpenSSL knows them too */
    size_t bytes;
} hashes[ORACLE_HASH_COUNT] = {
    [ORACLE_MD5]    = { "MD5",    16 },
    [ORACLE_SHA1]   = { "SHA1",   20 },
    [ORACLE_SHA256] = { "SHA256", 32 },
    [ORACLE_SHA384] = { "SHA384", 48 },
    [ORACLE_SHA512] = { "SHA512", 64 },
};
/* clang-format on */

/* OpenSSL reads a key at NULL as "keep the old one", also where it is empty. */
static const uint8_t no_bytes[1];

struct oracle *oracle_new(void)
{
    struct oracle *oracle = calloc(1, sizeof *oracle);
    assert(oracle != NULL);
    for (size_t i = 0; i < ORACLE_HASH_COUNT; i++)
        oracle->digests[i] = EVP_MD_fetch(NULL, hashes[i].name, NULL);
    oracle->hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    oracle->sskdf = EVP_KDF_fetch(NULL, "SSKDF", NULL);
    return oracle;
}

void oracle_free(struct oracle *oracle)
{
    if (oracle == NULL)
        return;
    for (size_t i = 0; i < ORACLE_HASH_COUNT; i++)
        EVP_MD_free(oracle->digests[i]);
    EVP_MAC_free(oracle->hmac);
    EVP_KDF_free(oracle->sskdf);
    free(oracle);
}

bool arithmetic_hash_by_name(struct bytes name, enum oracle_hash *hash)
{
    for (size_t i = 0; i < ORACLE_HASH_COUNT; i++) {
        const struct bytes known = {(const uint8_t *)hashes[i].name, strlen(hashes[i].name)};
        if (bytes_equal(known, name)) {
            *hash = (enum oracle_hash)i;
            return true;
        }
    }
    return false;
}

size_t arithmetic_digest_bytes(enum oracle_hash hash)
{
    return hashes[hash].bytes;
}

bool arithmetic_digest(const struct oracle *oracle, enum oracle_hash hash,
                       const struct bytes parts[3], uint8_t *out)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = ctx != NULL && oracle->digests[hash] != NULL &&
              EVP_DigestInit_ex2(ctx, oracle->digests[hash], NULL) == 1;
    for (size_t i = 0; ok && i < 3; i++)
        ok = EVP_DigestUpdate(ctx, parts[i].data, parts[i].len) == 1;
    ok = ok && EVP_DigestFinal_ex(ctx, out, NULL) == 1;
    EVP_MD_CTX_free(ctx);
    return ok;
}

static EVP_MAC_CTX *hmac_open(const struct oracle *oracle, enum oracle_hash hash)
{
    char name[8];
    memcpy(name, hashes[hash].name, strlen(hashes[hash].name) + 1);
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                           OSSL_PARAM_construct_end()};
    EVP_MAC_CTX *ctx = oracle->hmac == NULL ? NULL : EVP_MAC_CTX_new(oracle->hmac);
    if (ctx != NULL && EVP_MAC_CTX_set_params(ctx, params) != 1) {
        EVP_MAC_CTX_free(ctx);
        ctx = NULL;
    }
    return ctx;
}

static bool hmac_run(EVP_MAC_CTX *ctx, struct bytes key, const struct bytes parts[3], uint8_t *out)
{
    size_t len = 0;
    bool ok = EVP_MAC_init(ctx, key.len > 0 ? key.data : no_bytes, key.len, NULL) == 1;
    for (size_t i = 0; ok && i < 3; i++)
        ok = EVP_MAC_update(ctx, parts[i].data, parts[i].len) == 1;
    return ok && EVP_MAC_final(ctx, out, &len, ORACLE_DIGEST_BYTES_MAX) == 1;
}

bool arithmetic_hmac(const struct oracle *oracle, enum oracle_hash hash, struct bytes key,
                     const struct bytes parts[3], uint8_t *out)
{
    uint8_t mac[ORACLE_DIGEST_BYTES_MAX];
    EVP_MAC_CTX *ctx = hmac_open(oracle, hash);
    bool ok = ctx != NULL && hmac_run(ctx, key, parts, mac);
    EVP_MAC_CTX_free(ctx);
    if (ok)
        memcpy(out, mac, hashes[hash].bytes);
    return ok;
}

/* Xors P_hash(secret, seed) onto out.  OpenSSL's own PRF stops at 1024 bytes of label and seed; a
 * case may send more. */
static bool xor_p_hash(const struct oracle *oracle, enum oracle_hash hash, struct bytes secret,
                       struct bytes seed, uint8_t *out)
{
    const size_t width = hashes[hash].bytes;
    uint8_t a[ORACLE_DIGEST_BYTES_MAX];
    uint8_t block[ORACLE_DIGEST_BYTES_MAX];
    struct bytes previous = seed; /* A(0) */
    EVP_MAC_CTX *ctx = hmac_open(oracle, hash);
    bool ok = ctx != NULL;
    for (size_t done = 0; ok && done < ARITHMETIC_PRF_BYTES; done += width) {
        const struct bytes chain[3] = {previous};
        const struct bytes output[3] = {{a, width}, seed};
        ok = hmac_run(ctx, secret, chain, a) && hmac_run(ctx, secret, output, block);
        for (size_t i = 0; ok && i < width && done + i < ARITHMETIC_PRF_BYTES; i++)
            out[done + i] ^= block[i];
        previous = (struct bytes){a, width};
    }
    EVP_MAC_CTX_free(ctx);
    return ok;
}

bool arithmetic_prf_tls10(const struct oracle *oracle, struct bytes secret, struct bytes seed,
                          uint8_t *out)
{
    const size_t half = (secret.len + 1) / 2; /* halves of odd secrets share the middle byte */
    const struct bytes s1 = {secret.data, half};
    const struct bytes s2 = {secret.data + (secret.len - half), half};
    memset(out, 0, ARITHMETIC_PRF_BYTES);
    return xor_p_hash(oracle, ORACLE_MD5, s1, seed, out) &&
           xor_p_hash(oracle, ORACLE_SHA1, s2, seed, out);
}

bool arithmetic_prf_tls12(const struct oracle *oracle, enum oracle_hash hash, struct bytes secret,
                          struct bytes seed, uint8_t *out)
{
    memset(out, 0, ARITHMETIC_PRF_BYTES);
    return xor_p_hash(oracle, hash, secret, seed, out);
}

bool arithmetic_single_step(const struct oracle *oracle, enum oracle_hash hash, struct bytes secret,
                            struct bytes info, uint8_t *out, size_t out_len)
{
    /* OSSL_PARAM has no pointers to const; the KDF only reads. */
    union {
        const void *read;
        void *plain;
    } name = {hashes[hash].name}, key = {secret.data}, other = {info.data};
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, name.plain, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key.plain, secret.len),
        info.len == 0
            ? OSSL_PARAM_construct_end()
            : OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, other.plain, info.len),
        OSSL_PARAM_construct_end()};
    EVP_KDF_CTX *ctx = oracle->sskdf == NULL ? NULL : EVP_KDF_CTX_new(oracle->sskdf);
    bool ok = ctx != NULL && EVP_KDF_derive(ctx, out, out_len, params) == 1;
    EVP_KDF_CTX_free(ctx);
    return ok;
}
