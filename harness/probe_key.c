/* SPDX-License-Identifier: Apache-2.0 */
#include "probe_key.h"

#include <string.h>

/* PUBLICKEYBLOB of CryptoAPI or BCRYPT_RSAPUBLIC_BLOB: "RSA1" stands in either. */
static bool is_rsa_blob(struct bytes blob)
{
    return blob.len >= 12 &&
           (memcmp(blob.data, "RSA1", 4) == 0 || memcmp(blob.data + 8, "RSA1", 4) == 0);
}

/* A point at the end: whatever the header says, or if there is none.  That other bytes are a point
 * by chance doesn't happen. */
static bool find_point(struct bytes blob, struct probed_key *key)
{
    for (size_t i = 0; curve_at(i) != NULL; i++) {
        size_t len = 2 * curve_at(i)->field_bytes;
        if (blob.len < len)
            continue;
        struct bytes tail = {blob.data + blob.len - len, len};
        if (curve_point_is_valid(curve_at(i), tail)) {
            key->curve = curve_at(i);
            key->point = tail;
            return true;
        }
    }
    return false;
}

struct probed_key probe_key_read(struct bytes blob)
{
    struct probed_key key = {.rsa = is_rsa_blob(blob)};
    if (blob.len >= 4)
        key.magic = (uint32_t)blob.data[0] | (uint32_t)blob.data[1] << 8 |
                    (uint32_t)blob.data[2] << 16 | (uint32_t)blob.data[3] << 24;
    key.well_made = !key.rsa && curve_blob_read(blob, &key.curve, &key.point);
    if (!key.rsa && !key.well_made && !find_point(blob, &key))
        key.curve = curve_by_magic(key.magic);
    return key;
}
