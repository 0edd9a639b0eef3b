/* SPDX-License-Identifier: Apache-2.0 */
/* The oracle: the key that CardDeriveKey has to give, from the secret and the parameters.
 *
 * struct oracle owns the algorithms it fetched from OpenSSL and nothing else; a derivation changes
 * nothing in it.  Keys and sentences live in the caller's arena.  Everything in a request may be
 * nonsense, since cases send nonsense on purpose, but for z: it is never empty.
 * Source: BCryptDeriveKey in the CNG reference; RFC 2246 and RFC 5246 section 5; SP 800-56A 5.8.1.
 */
#ifndef MDCTS_ORACLE_H
#define MDCTS_ORACLE_H

#include "curve.h"

struct oracle;

enum {
    ORACLE_KEY_BYTES_MAX = 64 * 1024, /* what SP800_56A_CONCAT is recomputed for */
};

/* One BCryptBuffer. */
struct oracle_parameter {
    uint32_t type;      /* BufferType */
    uint32_t cb;        /* cbBuffer */
    bool null;          /* pvBuffer is NULL */
    struct bytes value; /* what pvBuffer points to; unused for KDF_SECRET_HANDLE */
};

struct oracle_request {
    const char *kdf; /* UTF-8; NULL where pwszKDF is */
    uint32_t flags;  /* CARD_BUFFER_SIZE_ONLY and CARD_RETURN_KEY_HANDLE do not change the key */
    const struct oracle_parameter *parameters;
    size_t parameter_count;
    const struct curve *curve;
    struct bytes z;
    /* SP800_56A_CONCAT: the driver's cbDerivedKey, since no source states the length; 0 asks for a
     * digest's.  TRUNCATE: 0 or more than there is asks for all.  The others' lengths are fixed. */
    size_t key_bytes;
};

enum oracle_outcome {
    ORACLE_KEY,     /* key is right and any other is wrong */
    ORACLE_REFUSED, /* the driver has to refuse; why says what for */
    ORACLE_UNKNOWN, /* no source defines this; why says what; key is the likeliest, empty if none */
    ORACLE_BROKEN,  /* OpenSSL failed: our own fault, nothing can be said about the driver */
};

struct oracle_result {
    enum oracle_outcome outcome;
    struct bytes key;
    const char *why; /* a sentence's end without a full stop; NULL for ORACLE_KEY */
};

/* An algorithm that OpenSSL refuses here (MD5 under FIPS) makes oracle_self_check() fail. */
struct oracle *oracle_new(void);
void oracle_free(struct oracle *oracle);

struct oracle_result oracle_derive(const struct oracle *oracle,
                                   const struct oracle_request *request, struct arena *keep);

/* Works out the known answers.  NULL if all are met, else the name of the first that is not: then
 * no verdict may be given. */
const char *oracle_self_check(const struct oracle *oracle);

#endif
