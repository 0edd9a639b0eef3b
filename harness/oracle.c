/* SPDX-License-Identifier: Apache-2.0 */
#include "oracle.h"

#include "oracle_arithmetic.h"

#include "mdcts/cardmod.h"
#include "mdcts/cng.h"

#include <assert.h>
#include <string.h>

#define TLS_SEED_BYTES 64

/* One call of oracle_derive(). */
struct derivation {
    const struct oracle *oracle;
    const struct oracle_request *request;
    struct arena *keep;
    const char *undefined; /* what no source defines, once something of the kind was met */
};

static struct oracle_result refused(const char *why)
{
    return (struct oracle_result){.outcome = ORACLE_REFUSED, .why = why};
}

static struct oracle_result unknown(const char *why)
{
    return (struct oracle_result){.outcome = ORACLE_UNKNOWN, .why = why};
}

/* The key, if the arithmetic worked. */
static struct oracle_result computed(bool ok, const uint8_t *key, size_t len)
{
    if (!ok)
        return (struct oracle_result){.outcome = ORACLE_BROKEN, .why = "OpenSSL failed"};
    return (struct oracle_result){.outcome = ORACLE_KEY, .key = {key, len}};
}

/* ---- parameters ---- */

static struct bytes value_of(const struct oracle_parameter *parameter)
{
    struct bytes value = parameter->value;
    if (parameter->null)
        return (struct bytes){NULL, 0};
    if (value.len > parameter->cb)
        value.len = parameter->cb;
    return value;
}

/* The first of its type; NULL if there is none. */
static const struct oracle_parameter *find(struct derivation *d, uint32_t type)
{
    const struct oracle_parameter *found = NULL;
    for (size_t i = 0; i < d->request->parameter_count; i++) {
        const struct oracle_parameter *parameter = &d->request->parameters[i];
        if (parameter->type != type)
            continue;
        if (found != NULL)
            d->undefined = "a parameter that may occur once occurs twice";
        else
            found = parameter;
    }
    return found;
}

/* All values of a type, in list order. */
static struct bytes join(const struct derivation *d, uint32_t type)
{
    size_t len = 0;
    for (size_t i = 0; i < d->request->parameter_count; i++)
        if (d->request->parameters[i].type == type)
            len += value_of(&d->request->parameters[i]).len;
    uint8_t *joined = arena_alloc(d->keep, len, 1);
    size_t at = 0;
    for (size_t i = 0; i < d->request->parameter_count; i++) {
        if (d->request->parameters[i].type != type)
            continue;
        const struct bytes value = value_of(&d->request->parameters[i]);
        if (value.len > 0)
            memcpy(joined + at, value.data, value.len);
        at += value.len;
    }
    return (struct bytes){joined, len};
}

static struct bytes concatenate(struct arena *keep, const struct bytes *parts, size_t count)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++)
        len += parts[i].len;
    uint8_t *joined = arena_alloc(keep, len, 1);
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].len > 0)
            memcpy(joined + at, parts[i].data, parts[i].len);
        at += parts[i].len;
    }
    return (struct bytes){joined, len};
}

/* A little-endian DWORD. */
static bool read_dword(const struct oracle_parameter *parameter, uint32_t *out)
{
    const struct bytes value = value_of(parameter);
    if (value.len != 4)
        return false;
    *out = value.data[0] | (uint32_t)value.data[1] << 8 | (uint32_t)value.data[2] << 16 |
           (uint32_t)value.data[3] << 24;
    return true;
}

/* The ASCII form of a UTF-16LE name up to its NUL or its end; false if no hash can be called so. */
static bool read_name(struct arena *keep, struct bytes utf16, struct bytes *name)
{
    uint8_t *text = arena_alloc(keep, utf16.len / 2, 1);
    size_t len = 0;
    if (utf16.len % 2 != 0)
        return false;
    for (size_t i = 0; i < utf16.len; i += 2) {
        if (utf16.data[i] == 0 && utf16.data[i + 1] == 0)
            break;
        if (utf16.data[i + 1] != 0)
            return false;
        text[len++] = utf16.data[i];
    }
    *name = (struct bytes){text, len};
    return true;
}

/* *hash keeps its default where the list names none.  False if it names no hash. */
static bool find_hash(struct derivation *d, enum oracle_hash *hash)
{
    struct bytes name;
    const struct oracle_parameter *parameter = find(d, KDF_HASH_ALGORITHM);
    if (parameter == NULL || parameter->null)
        return true;
    if (parameter->cb == 0) {
        d->undefined = "a hash name of no bytes at an address that is not NULL";
        return true;
    }
    return read_name(d->keep, value_of(parameter), &name) && arithmetic_hash_by_name(name, hash);
}

static const char no_such_hash[] = "KDF_HASH_ALGORITHM names no hash";

/* ---- the key derivation functions ---- */

static struct oracle_result derive_hash(struct derivation *d)
{
    enum oracle_hash hash = ORACLE_SHA1;
    if (!find_hash(d, &hash))
        return refused(no_such_hash);
    const struct bytes parts[3] = {join(d, KDF_SECRET_PREPEND), d->request->z,
                                   join(d, KDF_SECRET_APPEND)};
    uint8_t *out = arena_alloc(d->keep, ORACLE_DIGEST_BYTES_MAX, 1);
    return computed(arithmetic_digest(d->oracle, hash, parts, out), out,
                    arithmetic_digest_bytes(hash));
}

static struct oracle_result derive_hmac(struct derivation *d)
{
    enum oracle_hash hash = ORACLE_SHA1;
    struct bytes key = {NULL, 0};
    const struct oracle_parameter *parameter = find(d, KDF_HMAC_KEY);
    if (!find_hash(d, &hash))
        return refused(no_such_hash);
    if (d->request->flags & KDF_USE_SECRET_AS_HMAC_KEY_FLAG)
        key = d->request->z;
    else if (parameter != NULL)
        key = value_of(parameter);
    else
        d->undefined = "HMAC with neither KDF_HMAC_KEY nor the flag that makes the secret its key";
    const struct bytes parts[3] = {join(d, KDF_SECRET_PREPEND), d->request->z,
                                   join(d, KDF_SECRET_APPEND)};
    uint8_t *out = arena_alloc(d->keep, ORACLE_DIGEST_BYTES_MAX, 1);
    return computed(arithmetic_hmac(d->oracle, hash, key, parts, out), out,
                    arithmetic_digest_bytes(hash));
}

enum tls_prf { TLS_PRF_NONE, TLS_PRF_OLD, TLS_PRF_12, TLS_PRF_UNDEFINED };

/* clang-format off */
static const struct tls_protocol {
    uint32_t number;
    enum tls_prf prf;
} tls_protocols[] = {
    { 0x0002, TLS_PRF_UNDEFINED }, /* CNG lists SSL 2, SSL 3, DTLS 1.0, but gives no formula */
    { 0x0300, TLS_PRF_UNDEFINED },
    { 0x0301, TLS_PRF_OLD },
    { 0x0302, TLS_PRF_OLD },
    { 0x0303, TLS_PRF_12 },
    { 0xFEFF, TLS_PRF_UNDEFINED },
};
/* clang-format on */

static enum tls_prf find_tls_prf(struct derivation *d)
{
    uint32_t number;
    const struct oracle_parameter *parameter = find(d, KDF_TLS_PRF_PROTOCOL);
    if (parameter == NULL)
        return TLS_PRF_OLD;
    if (read_dword(parameter, &number))
        for (size_t i = 0; i < sizeof tls_protocols / sizeof tls_protocols[0]; i++)
            if (tls_protocols[i].number == number)
                return tls_protocols[i].prf;
    return TLS_PRF_NONE;
}

static struct oracle_result tls_prf_compute(struct derivation *d, enum tls_prf prf,
                                            struct bytes seed)
{
    enum oracle_hash hash = ORACLE_SHA256;
    uint8_t *out = arena_alloc(d->keep, ARITHMETIC_PRF_BYTES, 1);
    const bool named = find(d, KDF_HASH_ALGORITHM) != NULL;
    if (!find_hash(d, &hash))
        return refused(no_such_hash);
    if (prf == TLS_PRF_UNDEFINED)
        return unknown("this protocol's PRF is not defined for key agreement");
    if (prf == TLS_PRF_OLD) {
        if (named)
            d->undefined = "a hash named for a PRF that has two of its own";
        return computed(arithmetic_prf_tls10(d->oracle, d->request->z, seed, out), out,
                        ARITHMETIC_PRF_BYTES);
    }
    if (hash != ORACLE_SHA256 && hash != ORACLE_SHA384)
        d->undefined = "TLS 1.2 with a hash other than SHA256 and SHA384";
    return computed(arithmetic_prf_tls12(d->oracle, hash, d->request->z, seed, out), out,
                    ARITHMETIC_PRF_BYTES);
}

static struct oracle_result derive_tls_prf(struct derivation *d)
{
    const struct oracle_parameter *label = find(d, KDF_TLS_PRF_LABEL);
    const struct oracle_parameter *seed = find(d, KDF_TLS_PRF_SEED);
    const enum tls_prf prf = find_tls_prf(d);
    if (label == NULL)
        return refused("TLS_PRF needs a label");
    if (seed == NULL)
        return refused("TLS_PRF needs a seed");
    if (value_of(seed).len != TLS_SEED_BYTES)
        return refused("the seed of TLS_PRF has 64 bytes");
    if (prf == TLS_PRF_NONE)
        return refused("KDF_TLS_PRF_PROTOCOL is no protocol's number");
    const struct bytes both[] = {value_of(label), value_of(seed)};
    if (both[0].len == 0)
        d->undefined = "TLS_PRF with an empty label";
    return tls_prf_compute(d, prf, concatenate(d->keep, both, 2));
}

static enum oracle_hash concat_hash(const struct curve *curve)
{
    return curve->bits == 256 ? ORACLE_SHA256 : curve->bits == 384 ? ORACLE_SHA384 : ORACLE_SHA512;
}

/* Zero and *why where the length is beyond us. */
static size_t concat_length(struct derivation *d, enum oracle_hash hash, const char **why)
{
    uint32_t bits = 0;
    const struct oracle_parameter *parameter = find(d, KDF_KEYBITLENGTH);
    size_t len = d->request->key_bytes > 0 ? d->request->key_bytes : arithmetic_digest_bytes(hash);
    if (parameter != NULL)
        len = read_dword(parameter, &bits) && bits % 8 == 0 ? bits / 8 : 0;
    *why = NULL;
    if (len == 0)
        *why = "KDF_KEYBITLENGTH is not the length of any number of bytes";
    else if (len > ORACLE_KEY_BYTES_MAX)
        *why = "a key longer than ORACLE_KEY_BYTES_MAX is not recomputed";
    return *why == NULL ? len : 0;
}

static struct oracle_result derive_concat(struct derivation *d)
{
    static const uint32_t order[] = {KDF_ALGORITHMID, KDF_PARTYUINFO, KDF_PARTYVINFO,
                                     KDF_SUPPPUBINFO, KDF_SUPPPRIVINFO};
    enum { REQUIRED = 3, COUNT = sizeof order / sizeof order[0] };
    const enum oracle_hash hash = concat_hash(d->request->curve);
    enum oracle_hash named = hash;
    struct bytes info[COUNT] = {{NULL, 0}};
    const char *why;
    for (size_t i = 0; i < COUNT; i++) {
        const struct oracle_parameter *parameter = find(d, order[i]);
        if (parameter != NULL)
            info[i] = value_of(parameter);
        else if (i < REQUIRED)
            return refused("SP800_56A_CONCAT needs AlgorithmID, PartyUInfo and PartyVInfo");
    }
    if (!find_hash(d, &named))
        return refused(no_such_hash);
    if (find(d, KDF_HASH_ALGORITHM) != NULL)
        d->undefined = "a hash named for SP800_56A_CONCAT, which takes the curve's";
    const size_t len = concat_length(d, hash, &why);
    if (len == 0)
        return unknown(why);
    uint8_t *out = arena_alloc(d->keep, len, 1);
    return computed(arithmetic_single_step(d->oracle, hash, d->request->z,
                                           concatenate(d->keep, info, COUNT), out, len),
                    out, len);
}

static struct oracle_result derive_truncate(struct derivation *d)
{
    const struct bytes z = d->request->z;
    const size_t asked = d->request->key_bytes;
    uint8_t *out = arena_alloc(d->keep, z.len, 1);
    for (size_t i = 0; i < z.len; i++)
        out[i] = z.data[z.len - 1 - i];
    return computed(true, out, asked == 0 || asked > z.len ? z.len : asked);
}

/* ---- which of them ---- */

#define TYPE(type) (1u << (type))
#define ANYWHERE   TYPE(KDF_SECRET_HANDLE)

/* clang-format off */
static const struct kdf {
    const char *name;
    struct oracle_result (*derive)(struct derivation *d); /* NULL: CardDeriveKey cannot reach it */
    uint32_t types;                                       /* the parameters it knows */
} kdfs[] = {
    { "HASH", derive_hash,
      ANYWHERE | TYPE(KDF_HASH_ALGORITHM) | TYPE(KDF_SECRET_PREPEND) | TYPE(KDF_SECRET_APPEND) },
    { "HMAC", derive_hmac,
      ANYWHERE | TYPE(KDF_HASH_ALGORITHM) | TYPE(KDF_SECRET_PREPEND) | TYPE(KDF_SECRET_APPEND) |
      TYPE(KDF_HMAC_KEY) },
    { "TLS_PRF", derive_tls_prf,
      ANYWHERE | TYPE(KDF_HASH_ALGORITHM) | TYPE(KDF_TLS_PRF_LABEL) | TYPE(KDF_TLS_PRF_SEED) |
      TYPE(KDF_TLS_PRF_PROTOCOL) },
    { "SP800_56A_CONCAT", derive_concat,
      ANYWHERE | TYPE(KDF_HASH_ALGORITHM) | TYPE(KDF_ALGORITHMID) | TYPE(KDF_PARTYUINFO) |
      TYPE(KDF_PARTYVINFO) | TYPE(KDF_SUPPPUBINFO) | TYPE(KDF_SUPPPRIVINFO) |
      TYPE(KDF_KEYBITLENGTH) },
    { "TRUNCATE", derive_truncate, ANYWHERE },
    { "HKDF",              NULL, 0 },
    { "SP800_108_CTR_HMAC", NULL, 0 },
    { "PBKDF2",            NULL, 0 },
    { "CAPI_KDF",          NULL, 0 },
};
/* clang-format on */

static const struct kdf *find_kdf(const char *name)
{
    for (size_t i = 0; i < sizeof kdfs / sizeof kdfs[0]; i++)
        if (strcmp(kdfs[i].name, name) == 0)
            return &kdfs[i];
    return NULL;
}

#define FLAGS_DEFINED                                                                              \
    (KDF_USE_SECRET_AS_HMAC_KEY_FLAG | CARD_RETURN_KEY_HANDLE | CARD_BUFFER_SIZE_ONLY)

/* Why the list cannot be right for the KDF; NULL if it can. */
static const char *check_parameters(struct derivation *d, const struct kdf *kdf)
{
    for (size_t i = 0; i < d->request->parameter_count; i++) {
        const struct oracle_parameter *parameter = &d->request->parameters[i];
        if (parameter->type >= 32 || (kdf->types & TYPE(parameter->type)) == 0)
            return arena_printf(d->keep, "a parameter of type 0x%x has no meaning for %s",
                                (unsigned)parameter->type, kdf->name);
        if (parameter->type == KDF_SECRET_HANDLE)
            d->undefined = "no source says how a second secret enters the arithmetic";
        else if (parameter->null && parameter->cb > 0)
            return "a parameter has a length but no address";
        else if (parameter->cb > parameter->value.len)
            d->undefined = "a parameter claims more bytes than were given";
    }
    return NULL;
}

struct oracle_result oracle_derive(const struct oracle *oracle,
                                   const struct oracle_request *request, struct arena *keep)
{
    struct derivation d = {.oracle = oracle, .request = request, .keep = keep};
    if (request->kdf == NULL)
        return refused("pwszKDF is NULL");
    if (request->flags & ~(uint32_t)FLAGS_DEFINED)
        return refused("dwFlags has undefined bits");
    const struct kdf *kdf = find_kdf(request->kdf);
    if (kdf == NULL)
        return refused("pwszKDF names no key derivation function");
    if (kdf->derive == NULL)
        return refused("this key derivation function has no parameters in CardDeriveKey");
    const char *why = check_parameters(&d, kdf);
    if (why != NULL)
        return refused(why);
    struct oracle_result result = kdf->derive(&d);
    if (result.outcome == ORACLE_KEY && d.undefined != NULL) {
        result.outcome = ORACLE_UNKNOWN;
        result.why = d.undefined;
    }
    return result;
}
