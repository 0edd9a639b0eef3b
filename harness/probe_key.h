/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the public key that CardGetContainerInfo told, as leniently as it can be read: what probing
 * takes for no key, no case asks about.  Whether it is well made is the judge's question.
 *
 * Pure; the point is a view of the blob. */
#ifndef MDCTS_PROBE_KEY_H
#define MDCTS_PROBE_KEY_H

#include "curve.h"

struct probed_key {
    bool rsa;
    bool well_made;            /* as the interface has it: header, magic, cbKey and length agree */
    const struct curve *curve; /* NULL: no elliptic curve's, or not to be made out */
    struct bytes point;        /* data NULL: not to be made out */
    uint32_t magic;            /* what stands in the first four bytes; 0: fewer */
};

struct probed_key probe_key_read(struct bytes blob);

#endif
