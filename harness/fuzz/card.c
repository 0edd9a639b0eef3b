/* SPDX-License-Identifier: Apache-2.0 */
/* The card's two sockets: any messages from readers and from those who control it.
 *
 * The input is messages; the first byte of each says to which socket the rest goes.  Whoever is
 * sent away for what he said connects anew. */
#include "fuzz.h"

#include "card_server.h"
#include "fuzz_card.h"

#include <sys/socket.h>
#include <unistd.h>

enum { MESSAGES_MAX = 64, SOCKETS = 2 };

static struct card_image fresh;
static struct server server;
static int ends[SOCKETS]; /* the reader's, the controller's; -1: not connected */

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    fuzz_card_image(&fresh);
    return 0;
}

static void connect_to(size_t which)
{
    int pair[2];
    FUZZ_HOLDS(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
    server.peers[which] = (struct server_peer){.fd = pair[1], .control = which == 1};
    ends[which] = pair[0];
}

static void disconnect(size_t which)
{
    close(ends[which]);
    ends[which] = -1;
    if (server.peers[which].fd >= 0)
        close(server.peers[which].fd);
    server.peers[which].fd = -1;
}

/* Answers come when they are due; one that is late is nobody's to wait for. */
static void take_answers(void)
{
    static uint8_t answer[CARD_MESSAGE_MAX];
    for (size_t i = 0; i < SOCKETS; i++) {
        ssize_t len;
        while ((len = recv(ends[i], answer, sizeof answer, MSG_DONTWAIT)) > 0)
            FUZZ_HOLDS(i == 0 || strncmp((char *)answer, "ok", 2) == 0 ||
                       strncmp((char *)answer, "error ", 6) == 0);
        if (len == 0)
            disconnect(i);
        if (len == 0)
            connect_to(i);
    }
}

static void send_message(struct bytes message)
{
    size_t which = message.data[0] % SOCKETS;
    if (send(ends[which], message.data + 1, message.len - 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        return;
    FUZZ_HOLDS(server_serve(&server));
    take_answers();
}

static void start(void)
{
    static const uint8_t atr[] = {0x3B, 0x80, 0x80, 0x01};
    memset(&server, 0, sizeof server);
    server_init(&server);
    image_copy(&server.card.image, &fresh);
    memcpy(server.atr, atr, sizeof atr);
    server.atr_len = sizeof atr;
    for (size_t i = 0; i < SOCKETS; i++)
        connect_to(i);
}

static void stop(void)
{
    for (size_t i = 0; i < SOCKETS; i++)
        disconnect(i);
    for (size_t i = 0; i < SERVER_IMAGES_MAX; i++)
        image_clear(&server.saved[i]);
    piv_clear(&server.card);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes rest = {data, size}, message;
    start();
    for (size_t i = 0; i < MESSAGES_MAX && fuzz_take(&rest, &message); i++)
        if (message.len > 1 && !(message.len > 2 && fuzz_makes_rsa_key((struct bytes){
                                                        message.data + 2, message.len - 2})))
            send_message(message);
    stop();
    return 0;
}
