/* SPDX-License-Identifier: Apache-2.0 */
/* The hashes and key derivation functions of the oracle, on plain bytes.
 *
 * Private to the oracle.  False means that OpenSSL failed, never that an input is wrong. */
#ifndef MDCTS_ORACLE_ARITHMETIC_H
#define MDCTS_ORACLE_ARITHMETIC_H

#include "oracle.h"

#include <openssl/evp.h>

enum oracle_hash {
    ORACLE_MD5,
    ORACLE_SHA1,
    ORACLE_SHA256,
    ORACLE_SHA384,
    ORACLE_SHA512,
    ORACLE_HASH_COUNT,
};

enum { ORACLE_DIGEST_BYTES_MAX = 64 };

struct oracle {
    EVP_MD *digests[ORACLE_HASH_COUNT]; /* NULL where OpenSSL has it not */
    EVP_MAC *hmac;
    EVP_KDF *sskdf;
};

/* CNG's names, compared exactly; false if name is none. */
bool arithmetic_hash_by_name(struct bytes name, enum oracle_hash *hash);
size_t arithmetic_digest_bytes(enum oracle_hash hash);

/* Writes the digest of the joined parts. */
bool arithmetic_digest(const struct oracle *oracle, enum oracle_hash hash,
                       const struct bytes parts[3], uint8_t *out);
bool arithmetic_hmac(const struct oracle *oracle, enum oracle_hash hash, struct bytes key,
                     const struct bytes parts[3], uint8_t *out);

/* Writes 48 bytes.  Before TLS 1.2: P_MD5 xor P_SHA1, each over its half of the secret. */
enum { ARITHMETIC_PRF_BYTES = 48 };
bool arithmetic_prf_tls10(const struct oracle *oracle, struct bytes secret, struct bytes seed,
                          uint8_t *out);
bool arithmetic_prf_tls12(const struct oracle *oracle, enum oracle_hash hash, struct bytes secret,
                          struct bytes seed, uint8_t *out);

/* The single-step KDF with a 32-bit counter in front. */
bool arithmetic_single_step(const struct oracle *oracle, enum oracle_hash hash, struct bytes secret,
                            struct bytes info, uint8_t *out, size_t out_len);

#endif
