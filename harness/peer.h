/* SPDX-License-Identifier: Apache-2.0 */
/* The peer's keys: the other half of each agreement, whose private scalar the runner knows.
 *
 * Every key is a function of the run's seed and of what it is for, so a run can be repeated.  Keys
 * are values; the cache of searched keys is the caller's, lives as long as its run, and starts
 * zeroed.  Card points come from a driver and may be wrong: then the answer is false. */
#ifndef MDCTS_PEER_H
#define MDCTS_PEER_H

#include "curve.h"

struct peer_key {
    const struct curve *curve;
    uint8_t scalar[CURVE_FIELD_BYTES_MAX]; /* the first field_bytes */
    uint8_t point[CURVE_POINT_BYTES_MAX];  /* the first 2 * field_bytes */
};

enum {
    PEER_CACHE_ENTRIES = 64,     /* more are searched for again, with the same result */
    PEER_SEARCH_STEPS = 1 << 22, /* e^-64 is the chance that two zero bytes need more on P-256 */
};

struct peer_cache {
    size_t count;
    struct peer_cache_entry {
        uint8_t card_point[CURVE_POINT_BYTES_MAX];
        unsigned zeros;
        struct peer_key key;
    } entries[PEER_CACHE_ENTRIES];
};

struct bytes peer_scalar(const struct peer_key *key);
struct bytes peer_point(const struct peer_key *key);

/* The counter-th new key of a case. */
void peer_make(const struct curve *curve, struct bytes seed, const char *case_id, uint32_t counter,
               struct peer_key *out);

/* The key with this private scalar.  False if the scalar is not valid. */
bool peer_from_scalar(const struct curve *curve, struct bytes scalar, struct peer_key *out);

/* How many leading zeros a key can be asked for: 2 on P-256, 1 on the others. */
unsigned peer_leading_zeros_max(const struct curve *curve);

/* A key whose secret with card_point begins with this many zero bytes, one more on P-521, where the
 * first byte holds a single bit.  False if zeros is 0 or above the maximum, card_point is not
 * valid, or PEER_SEARCH_STEPS did not do. */
bool peer_make_leading_zeros(struct peer_cache *cache, const struct curve *curve, struct bytes seed,
                             struct bytes card_point, unsigned zeros, struct peer_key *out);

/* Writes Z, field_bytes of it.  False if card_point is not valid. */
bool peer_shared_secret(const struct peer_key *key, struct bytes card_point, uint8_t *z);

#endif
