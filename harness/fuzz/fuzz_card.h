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

/* GENERATE ASYMMETRIC KEY PAIR for an RSA key takes a second, and is different each time. */
static inline bool fuzz_makes_rsa_key(struct bytes command)
{
    return command.len > 5 && command.data[1] == 0x47 &&
           (memchr(command.data + 5, 6, command.len - 5) != NULL ||
            memchr(command.data + 5, 7, command.len - 5) != NULL);
}

#endif
