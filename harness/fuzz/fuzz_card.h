/* SPDX-License-Identifier: Apache-2.0 */
/* What the targets with a card share: the card itself. */
#ifndef MDCTS_FUZZ_CARD_H
#define MDCTS_FUZZ_CARD_H

#include "fuzz.h"

#include "piv.h"
#include "piv_population.h"

#include <string.h>

static inline void fuzz_card_image(struct card_image *image)
{
    static const char seed[] = "fuzz";
    const struct population wanted = {
        .seed = {(const uint8_t *)seed, sizeof seed - 1}, .pin = "123456", .puk = "12345678"};
    char why[256];
    FUZZ_HOLDS(population_make(image, &wanted, why));
}

/* GENERATE ASYMMETRIC KEY PAIR for an RSA key (algorithms 05 to 07) takes seconds, and is different
 * each time. */
static inline bool fuzz_makes_rsa_key(struct bytes command)
{
    bool found = false;
    for (size_t i = 5; i < command.len && command.data[1] == 0x47; i++)
        found = found || (command.data[i] >= 5 && command.data[i] <= 7);
    return found;
}

#endif
