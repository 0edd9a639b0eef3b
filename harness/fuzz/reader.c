/* SPDX-License-Identifier: Apache-2.0 */
/* What a card, perhaps somebody's simulator, answers: to our reader driver in pcscd, on the watch
 * connection, and to the runner's control commands.
 *
 * The input is messages; the first byte of each says on which of the three connections it comes.
 * They are all there before the first question, and then the card is gone. */
#include "fuzz.h"

#include "card_control.h"
#include "ifd_link.h"

#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EXCHANGE, WATCH, CONTROL, CONNECTIONS, MESSAGES_MAX = 32, ROOM = 264 };

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    return 0;
}

static int theirs[CONNECTIONS];

/* The card still listens, but says nothing any more. */
static void fill(struct bytes rest, int ours[CONNECTIONS])
{
    struct bytes message;
    for (size_t i = 0; i < CONNECTIONS; i++) {
        int pair[2];
        FUZZ_HOLDS(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
        ours[i] = pair[0];
        theirs[i] = pair[1];
    }
    for (size_t i = 0; i < MESSAGES_MAX && fuzz_take(&rest, &message); i++)
        if (message.len > 1)
            send(theirs[message.data[0] % CONNECTIONS], message.data + 1, message.len - 1,
                 MSG_DONTWAIT);
    for (size_t i = 0; i < CONNECTIONS; i++)
        shutdown(theirs[i], SHUT_WR);
}

/* As ifd_handler.c does. */
static void ask_card(struct ifd_link *link)
{
    static const uint8_t apdu[] = {0, 0xA4, 4, 0};
    for (size_t room = 0; room <= ROOM && link->exchange_fd >= 0; room += ROOM / 4) {
        uint8_t *answer = malloc(room + (room == 0));
        size_t got = room;
        FUZZ_HOLDS(answer != NULL);
        ifd_link_exchange(link, CARD_TRANSMIT, apdu, sizeof apdu, answer, &got);
        FUZZ_HOLDS(got <= room);
        free(answer);
    }
    link->atr_len = sizeof link->atr;
    ifd_link_exchange(link, CARD_POWER_ON, NULL, 0, link->atr, &link->atr_len);
    FUZZ_HOLDS(link->atr_len <= sizeof link->atr);
}

static void ask_control(struct card_control *control)
{
    struct card_status status;
    uint64_t apdus;
    card_control_status(control, &status);
    card_control_restore(control);
    card_control_count(control, &apdus);
    card_control_fault(control, 1, "sw 6F00");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ifd_link link;
    struct card_control control = {.fd = -1};
    int ours[CONNECTIONS];
    fill((struct bytes){data, size}, ours);
    FUZZ_HOLDS(ifd_link_open(&link, "/nonexistent/card"));
    link.exchange_fd = ours[EXCHANGE];
    link.watch_fd = ours[WATCH];
    control.fd = ours[CONTROL];
    ifd_link_wait(&link, 0);
    ifd_link_present(&link);
    ask_card(&link);
    ask_control(&control);
    ifd_link_close(&link);
    card_control_close(&control);
    for (size_t i = 0; i < CONNECTIONS; i++)
        close(theirs[i]);
    return 0;
}
