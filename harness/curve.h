/* SPDX-License-Identifier: Apache-2.0 */
/* The curves of the interface: names, sizes, magics, points, scalars, public key blobs.
 *
 * A point is X||Y, a scalar one number, each coordinate or scalar curve->field_bytes wide, most
 * significant byte first.  The rows live for the whole program; nothing here owns memory beyond a
 * call.  Points, scalars and blobs may come from a driver: whatever they hold, the answer is false,
 * never an assertion.  The only module that knows elliptic curve arithmetic. */
#ifndef MDCTS_CURVE_H
#define MDCTS_CURVE_H

#include "base/bytes.h"

enum {
    CURVE_FIELD_BYTES_MAX = 66,
    CURVE_POINT_BYTES_MAX = 2 * CURVE_FIELD_BYTES_MAX,
    CURVE_BLOB_HEADER_BYTES = 8,
};

struct curve {
    const char *name; /* P-256 */
    uint32_t bits;
    size_t field_bytes;
    uint32_t ecdh_magic;  /* BCRYPT_ECDH_PUBLIC_*_MAGIC */
    uint32_t ecdsa_magic; /* BCRYPT_ECDSA_PUBLIC_*_MAGIC */
    uint32_t key_spec;    /* AT_ECDHE_* */
    int nid;              /* OpenSSL's number for it */
};

/* The rows in ascending size; NULL behind the last. */
const struct curve *curve_at(size_t index);

/* NULL if there is none. */
const struct curve *curve_by_name(const char *name);
const struct curve *curve_by_magic(uint32_t magic); /* ECDH or ECDSA public */
const struct curve *curve_by_field_bytes(size_t field_bytes);
const struct curve *curve_by_key_spec(uint32_t key_spec);

/* On the curve, both coordinates below p, the length right. */
bool curve_point_is_valid(const struct curve *curve, struct bytes point);

/* In [1, n-1] and of the right length. */
bool curve_scalar_is_valid(const struct curve *curve, struct bytes scalar);

/* Any bytes, as a number, to a scalar: (number mod (n - 1)) + 1.  Writes field_bytes. */
void curve_scalar_from_bytes(const struct curve *curve, struct bytes wide, uint8_t *scalar);

/* Writes scalar * G to point (2 * field_bytes).  False if the scalar is not valid. */
bool curve_public_from_private(const struct curve *curve, struct bytes scalar, uint8_t *point);

/* Writes the X coordinate of scalar * point to x (field_bytes, leading zeros kept).  False if
 * either is not valid. */
bool curve_shared_x(const struct curve *curve, struct bytes scalar, struct bytes point, uint8_t *x);

/* Walks start, start + 1, ... for at most limit scalars until the X coordinate of scalar * point
 * begins with zero_bytes zero bytes, and writes that scalar.  False if none was found or an
 * argument is not valid. */
bool curve_find_leading_zeros(const struct curve *curve, struct bytes point, struct bytes start,
                              size_t zero_bytes, uint32_t limit, uint8_t *scalar);

/* A point that every recipient must refuse, 2 * field_bytes of it:
 *   off-curve  valid with one bit of Y changed
 *   zero       (0, 0)
 *   infinity   (0, 1): infinity's projective coordinates without the third
 *   overflow   (x + p, y) of the valid point with the smallest x: who reduces modulo p accepts it
 *   overflow-y (x, 1 + p) of the valid point with that x and Y = 1
 *   all-ones   FF..FF
 * False if kind is none of these or valid is not a valid point. */
bool curve_bad_point(const struct curve *curve, const char *kind, struct bytes valid,
                     uint8_t *point);

/* The names above, one by one; NULL behind the last. */
const char *curve_bad_point_kind(size_t index);

/* A BCRYPT_ECCKEY_BLOB in keep: header with the given members (least significant byte first), then
 * the point as it is. */
struct bytes curve_blob(struct arena *keep, uint32_t magic, uint32_t cb_key, struct bytes point);

/* Reads such a blob of a named curve, ECDH or ECDSA public; *point is a view of it.  False if
 * magic, cbKey and length do not agree; says nothing about the point. */
bool curve_blob_read(struct bytes blob, const struct curve **curve, struct bytes *point);

#endif
