/* SPDX-License-Identifier: Apache-2.0 */
#include "curve.h"

#include "mdcts/cardmod.h"
#include "mdcts/cng.h"

#include <assert.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <string.h>

/* clang-format off */
static const struct curve curves[] = {
    { "P-256", 256, 32, BCRYPT_ECDH_PUBLIC_P256_MAGIC, BCRYPT_ECDSA_PUBLIC_P256_MAGIC,
      AT_ECDHE_P256, NID_X9_62_prime256v1 },
    { "P-384", 384, 48, BCRYPT_ECDH_PUBLIC_P384_MAGIC, BCRYPT_ECDSA_PUBLIC_P384_MAGIC,
      AT_ECDHE_P384, NID_secp384r1 },
    { "P-521", 521, 66, BCRYPT_ECDH_PUBLIC_P521_MAGIC, BCRYPT_ECDSA_PUBLIC_P521_MAGIC,
      AT_ECDHE_P521, NID_secp521r1 },
};
/* clang-format on */

#define CURVE_COUNT (sizeof curves / sizeof curves[0])

const struct curve *curve_at(size_t index)
{
    return index < CURVE_COUNT ? &curves[index] : NULL;
}

const struct curve *curve_by_name(const char *name)
{
    for (size_t i = 0; i < CURVE_COUNT; i++)
        if (strcmp(curves[i].name, name) == 0)
            return &curves[i];
    return NULL;
}

const struct curve *curve_by_magic(uint32_t magic)
{
    for (size_t i = 0; i < CURVE_COUNT; i++)
        if (curves[i].ecdh_magic == magic || curves[i].ecdsa_magic == magic)
            return &curves[i];
    return NULL;
}

const struct curve *curve_by_field_bytes(size_t field_bytes)
{
    for (size_t i = 0; i < CURVE_COUNT; i++)
        if (curves[i].field_bytes == field_bytes)
            return &curves[i];
    return NULL;
}

const struct curve *curve_by_key_spec(uint32_t key_spec)
{
    for (size_t i = 0; i < CURVE_COUNT; i++)
        if (curves[i].key_spec == key_spec)
            return &curves[i];
    return NULL;
}

/* What one computation needs.  OpenSSL fails in here only for want of memory, which the runner does
 * not survive anywhere: asserted. */
struct work {
    const struct curve *curve;
    const EC_GROUP *group; /* group_of()'s */
    BN_CTX *ctx;
    EC_POINT *point;
    BIGNUM *number;
};

/* Making a group costs as much as multiplying in it: each is made once and kept. */
static const EC_GROUP *group_of(const struct curve *curve)
{
    static EC_GROUP *groups[CURVE_COUNT];
    EC_GROUP **group = &groups[curve - curves];
    if (*group == NULL)
        *group = EC_GROUP_new_by_curve_name(curve->nid);
    assert(*group != NULL);
    return *group;
}

static struct work work_open(const struct curve *curve)
{
    struct work w = {.curve = curve, .group = group_of(curve)};
    w.ctx = BN_CTX_new();
    w.point = EC_POINT_new(w.group);
    w.number = BN_new();
    assert(w.ctx != NULL && w.point != NULL && w.number != NULL);
    return w;
}

static void work_close(struct work *w)
{
    BN_clear_free(w->number);
    EC_POINT_clear_free(w->point);
    BN_CTX_free(w->ctx);
}

static bool write_number(const struct work *w, const BIGNUM *number, uint8_t *out)
{
    int len = (int)w->curve->field_bytes;
    return BN_bn2binpad(number, out, len) == len;
}

/* Reads into w->point; OpenSSL looks at both coordinates and at the curve's equation. */
static bool read_point(struct work *w, struct bytes point)
{
    uint8_t octets[1 + CURVE_POINT_BYTES_MAX] = {POINT_CONVERSION_UNCOMPRESSED};
    if (point.len != 2 * w->curve->field_bytes)
        return false;
    memcpy(octets + 1, point.data, point.len);
    return EC_POINT_oct2point(w->group, w->point, octets, 1 + point.len, w->ctx) == 1;
}

static bool write_point(struct work *w, uint8_t *point)
{
    uint8_t octets[1 + CURVE_POINT_BYTES_MAX];
    size_t len = 1 + 2 * w->curve->field_bytes;
    if (EC_POINT_point2oct(w->group, w->point, POINT_CONVERSION_UNCOMPRESSED, octets, len,
                           w->ctx) != len)
        return false;
    memcpy(point, octets + 1, len - 1);
    return true;
}

/* Reads into w->number. */
static bool read_scalar(struct work *w, struct bytes scalar)
{
    if (scalar.len != w->curve->field_bytes ||
        BN_bin2bn(scalar.data, (int)scalar.len, w->number) == NULL)
        return false;
    return !BN_is_zero(w->number) && BN_cmp(w->number, EC_GROUP_get0_order(w->group)) < 0;
}

bool curve_point_is_valid(const struct curve *curve, struct bytes point)
{
    struct work w = work_open(curve);
    bool ok = read_point(&w, point);
    work_close(&w);
    return ok;
}

bool curve_scalar_is_valid(const struct curve *curve, struct bytes scalar)
{
    struct work w = work_open(curve);
    bool ok = read_scalar(&w, scalar);
    work_close(&w);
    return ok;
}

void curve_scalar_from_bytes(const struct curve *curve, struct bytes wide, uint8_t *scalar)
{
    struct work w = work_open(curve);
    BIGNUM *range = BN_dup(EC_GROUP_get0_order(w.group));
    assert(wide.len <= INT32_MAX);
    bool ok = range != NULL && BN_sub_word(range, 1) &&
              BN_bin2bn(wide.data, (int)wide.len, w.number) != NULL &&
              BN_nnmod(w.number, w.number, range, w.ctx) && BN_add_word(w.number, 1) &&
              write_number(&w, w.number, scalar);
    assert(ok);
    BN_free(range);
    work_close(&w);
}

bool curve_public_from_private(const struct curve *curve, struct bytes scalar, uint8_t *point)
{
    struct work w = work_open(curve);
    bool ok = read_scalar(&w, scalar) &&
              EC_POINT_mul(w.group, w.point, w.number, NULL, NULL, w.ctx) == 1 &&
              write_point(&w, point);
    work_close(&w);
    return ok;
}

bool curve_shared_x(const struct curve *curve, struct bytes scalar, struct bytes point, uint8_t *x)
{
    struct work w = work_open(curve);
    uint8_t product[CURVE_POINT_BYTES_MAX];
    bool ok = read_scalar(&w, scalar) && read_point(&w, point) &&
              EC_POINT_mul(w.group, w.point, NULL, w.point, w.number, w.ctx) == 1 &&
              write_point(&w, product);
    if (ok)
        memcpy(x, product, curve->field_bytes);
    work_close(&w);
    return ok;
}

/* Adds step to running until its X coordinate has at most bits bits.  Returns how often it added;
 * limit if it found none. */
static uint32_t walk(struct work *w, EC_POINT *running, const EC_POINT *step, size_t bits,
                     uint32_t limit)
{
    for (uint32_t i = 0; i < limit; i++) {
        if (EC_POINT_get_affine_coordinates(w->group, running, w->number, NULL, w->ctx) != 1)
            return limit; /* infinity: the scalar has reached n */
        if ((size_t)BN_num_bits(w->number) <= bits)
            return i;
        if (EC_POINT_add(w->group, running, running, step, w->ctx) != 1)
            return limit;
    }
    return limit;
}

bool curve_find_leading_zeros(const struct curve *curve, struct bytes point, struct bytes start,
                              size_t zero_bytes, uint32_t limit, uint8_t *scalar)
{
    struct work w = work_open(curve);
    EC_POINT *running = EC_POINT_new(w.group);
    BIGNUM *found = NULL;
    bool ok = false;
    if (running == NULL || zero_bytes > curve->field_bytes || !read_point(&w, point) ||
        !read_scalar(&w, start))
        goto done;
    found = BN_dup(w.number);
    if (found == NULL || EC_POINT_mul(w.group, running, NULL, w.point, found, w.ctx) != 1)
        goto done;
    uint32_t steps = walk(&w, running, w.point, 8 * (curve->field_bytes - zero_bytes), limit);
    ok = steps < limit && BN_add_word(found, steps) &&
         BN_nnmod(found, found, EC_GROUP_get0_order(w.group), w.ctx) &&
         write_number(&w, found, scalar);
done:
    BN_clear_free(found);
    EC_POINT_clear_free(running);
    work_close(&w);
    return ok;
}

/* One changed bit of Y leaves the curve unless it leads to p - Y; then the next one does. */
static bool make_off_curve(const struct curve *curve, struct bytes valid, uint8_t *point)
{
    for (unsigned bit = 0; bit < 8; bit++) {
        memcpy(point, valid.data, valid.len);
        point[valid.len - 1] ^= (uint8_t)(1u << bit);
        if (!curve_point_is_valid(curve, (struct bytes){point, valid.len}))
            return true;
    }
    return false;
}

static bool make_zero(const struct curve *curve, struct bytes valid, uint8_t *point)
{
    (void)curve;
    memset(point, 0, valid.len);
    return true;
}

static bool make_infinity(const struct curve *curve, struct bytes valid, uint8_t *point)
{
    (void)curve;
    memset(point, 0, valid.len);
    point[valid.len - 1] = 1;
    return true;
}

/* Every second x has a point, so the first is soon found. */
#define SMALL_X_MAX 64

static bool make_overflow(const struct curve *curve, struct bytes valid, uint8_t *point)
{
    struct work w = work_open(curve);
    bool ok = false;
    (void)valid;
    for (unsigned x = 0; x < SMALL_X_MAX && !ok; x++)
        ok = BN_set_word(w.number, x) &&
             EC_POINT_set_compressed_coordinates(w.group, w.point, w.number, 0, w.ctx) == 1;
    ok = ok && write_point(&w, point) && BN_add(w.number, w.number, EC_GROUP_get0_field(w.group)) &&
         write_number(&w, w.number, point);
    work_close(&w);
    return ok;
}

/* Of the valid points with Y = 1. */
static const struct {
    const char *curve, *x;
} ones[] = {
    {"P-256", "6916FAC45E568B6B9E2E2ECD611B282E5FCC40A3067D601057F879CE5A8A73CC"},
    {"P-384", "2261B2BF605C22F2F3AEF6338719B2C486388AD5240719A5257315969EF01BA2"
              "7F0A104C89704773A81FDABEE6AB5C78"},
    {"P-521", "D9CB7A32DAB342F863EDB340F3EA61DDF833E755CE66BB1A918A42714BA05BCD"
              "F4FF10994F616A9D80CD0B48B326E3A8A2A8F5634D824875B6E71FB7CDDD7B5018"},
};

static bool make_overflow_y(const struct curve *curve, struct bytes valid, uint8_t *point)
{
    struct work w = work_open(curve);
    bool ok = false;
    for (size_t i = 0; i < sizeof ones / sizeof *ones; i++)
        if (strcmp(ones[i].curve, curve->name) == 0)
            ok = BN_hex2bn(&w.number, ones[i].x) > 0 && write_number(&w, w.number, point);
    ok = ok && BN_copy(w.number, EC_GROUP_get0_field(w.group)) != NULL &&
         BN_add_word(w.number, 1) && write_number(&w, w.number, point + valid.len / 2);
    work_close(&w);
    return ok;
}

static bool make_all_ones(const struct curve *curve, struct bytes valid, uint8_t *point)
{
    (void)curve;
    memset(point, 0xFF, valid.len);
    return true;
}

static const struct bad_point {
    const char *kind;
    bool (*make)(const struct curve *curve, struct bytes valid, uint8_t *point);
} bad_points[] = {
    {"off-curve", make_off_curve},   {"zero", make_zero},
    {"infinity", make_infinity},     {"overflow", make_overflow},
    {"overflow-y", make_overflow_y}, {"all-ones", make_all_ones},
};

#define BAD_POINT_COUNT (sizeof bad_points / sizeof bad_points[0])

const char *curve_bad_point_kind(size_t index)
{
    return index < BAD_POINT_COUNT ? bad_points[index].kind : NULL;
}

bool curve_bad_point(const struct curve *curve, const char *kind, struct bytes valid,
                     uint8_t *point)
{
    if (!curve_point_is_valid(curve, valid))
        return false;
    for (size_t i = 0; i < BAD_POINT_COUNT; i++)
        if (strcmp(bad_points[i].kind, kind) == 0)
            return bad_points[i].make(curve, valid, point);
    return false;
}

static void write_le32(uint8_t *out, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        out[i] = (uint8_t)(value >> 8 * i);
}

static uint32_t read_le32(const uint8_t *in)
{
    return in[0] | (uint32_t)in[1] << 8 | (uint32_t)in[2] << 16 | (uint32_t)in[3] << 24;
}

struct bytes curve_blob(struct arena *keep, uint32_t magic, uint32_t cb_key, struct bytes point)
{
    uint8_t *blob = arena_alloc(keep, CURVE_BLOB_HEADER_BYTES + point.len, 1);
    write_le32(blob, magic);
    write_le32(blob + 4, cb_key);
    if (point.len > 0)
        memcpy(blob + CURVE_BLOB_HEADER_BYTES, point.data, point.len);
    return (struct bytes){blob, CURVE_BLOB_HEADER_BYTES + point.len};
}

bool curve_blob_read(struct bytes blob, const struct curve **curve, struct bytes *point)
{
    if (blob.len < CURVE_BLOB_HEADER_BYTES)
        return false;
    const struct curve *found = curve_by_magic(read_le32(blob.data));
    if (found == NULL || read_le32(blob.data + 4) != found->field_bytes ||
        blob.len != CURVE_BLOB_HEADER_BYTES + 2 * found->field_bytes)
        return false;
    *curve = found;
    *point = (struct bytes){blob.data + CURVE_BLOB_HEADER_BYTES, 2 * found->field_bytes};
    return true;
}
