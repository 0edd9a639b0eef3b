/* SPDX-License-Identifier: Apache-2.0 */
/* The card's commands: any APDUs, one after the other, each answered with a status word.
 *
 * The input is a byte that says what was verified before, then messages. */
#include "fuzz.h"

#include "fuzz_card.h"

#include <string.h>

enum { WITH_PIN = 1, WITH_ADMIN = 2, COMMANDS_MAX = 64 };

static struct card_image fresh;
static struct piv card;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    fuzz_card_image(&fresh);
    return 0;
}

static void start(uint8_t verified)
{
    static const uint8_t seed[] = "fuzz";
    image_copy(&card.image, &fresh);
    card.seed = (struct span){seed, sizeof seed};
    card.image.security.selected = true;
    card.image.security.pin = (verified & WITH_PIN) != 0;
    card.image.security.admin = (verified & WITH_ADMIN) != 0;
}

static void transmit(struct bytes message)
{
    static uint8_t answer[PIV_RESPONSE_MAX];
    uint8_t *command = malloc(message.len + (message.len == 0));
    FUZZ_HOLDS(command != NULL);
    if (message.len > 0)
        memcpy(command, message.data, message.len);
    size_t len = piv_transmit(&card, (struct span){command, message.len}, answer);
    FUZZ_HOLDS(len >= 2 && len <= sizeof answer);
    FUZZ_HOLDS(answer[len - 2] >> 4 == 6 || answer[len - 2] == 0x90);
    free(command);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes rest = {data + 1, size - 1}, message;
    if (size < 1)
        return 0;
    start(data[0]);
    for (size_t i = 0; i < COMMANDS_MAX && fuzz_take(&rest, &message); i++)
        if (!fuzz_makes_rsa_key(message))
            transmit(message);
    piv_clear(&card);
    memset(&card, 0, sizeof card);
    return 0;
}
