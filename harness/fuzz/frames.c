/* SPDX-License-Identifier: Apache-2.0 */
/* What a host sends: events, notes and replies on its channel, what its driver prints, and what the
 * server of hosts tells.
 *
 * The input is a byte that says what the runner asked for, a message for the server's socket, one
 * for the driver's output, and then the channel's bytes.  Whatever they are, the runner gets an
 * outcome; events are maps that the trace can hold, and a result is as large as the call asked. */
#include "fuzz.h"

#include "link_internal.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHANNEL_BYTES_MAX = 65536, OUTPUT_BYTES_MAX = 4096, MS_MAX = 20000 };

static struct link *fuzzed;
static int server_end; /* the other end of the link's socket */

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    static struct arena keep;
    const char *error;
    int pair[2];
    FUZZ_HOLDS(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
    fuzzed = link_open(&(struct link_config){.server_fd = pair[0]}, &keep, &error);
    FUZZ_HOLDS(fuzzed != NULL);
    server_end = pair[1];
    return 0;
}

static void take_event(void *data, struct node *event, struct bytes content)
{
    struct arena *keep = data;
    FUZZ_HOLDS(event->kind == NODE_MAP && node_get_text(event, "e") != NULL);
    FUZZ_HOLDS(content.len == 0 || content.data != NULL);
    fuzz_round_trip(keep, event);
}

/* A pipe that holds these bytes and then ends. */
static int filled_pipe(struct bytes bytes)
{
    int pair[2];
    FUZZ_HOLDS(pipe2(pair, O_CLOEXEC | O_NONBLOCK) == 0);
    FUZZ_HOLDS(write(pair[1], bytes.data, bytes.len) == (ssize_t)bytes.len);
    close(pair[1]);
    return pair[0];
}

static int filled_channel(struct bytes bytes)
{
    int pair[2];
    FUZZ_HOLDS(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    FUZZ_HOLDS(send(pair[1], bytes.data, bytes.len, MSG_DONTWAIT) == (ssize_t)bytes.len);
    close(pair[1]);
    return pair[0];
}

static struct bytes at_most(struct bytes bytes, size_t len)
{
    return (struct bytes){bytes.data, bytes.len < len ? bytes.len : len};
}

/* A host that has sent these bytes and is gone.  No process belongs to it: its pidfd is a pipe,
 * whose other end *alive is, so that nobody is ever killed. */
static struct host *dead_host(struct arena *keep, struct bytes output, struct bytes channel,
                              int *alive)
{
    int pair[2];
    struct host *host = calloc(1, sizeof *host);
    FUZZ_HOLDS(host != NULL && pipe2(pair, O_CLOEXEC) == 0);
    host->link = fuzzed;
    host->incoming = link_buffer_take(fuzzed);
    host->sink = (struct host_sink){keep, take_event, keep};
    host->pidfd = pair[0];
    *alive = pair[1];
    host->channel = filled_channel(at_most(channel, CHANNEL_BYTES_MAX));
    host->outputs[0].pipe = filled_pipe(at_most(output, OUTPUT_BYTES_MAX));
    host->outputs[1].pipe = -1;
    return host;
}

static void tell_server(struct bytes message)
{
    fuzzed->gone = false;
    if (message.len > 0 && send(server_end, message.data, message.len, MSG_DONTWAIT) >= 0)
        server_listen(fuzzed, 0);
    fuzzed->gone = true; /* nobody waits for an end that it would tell */
    fuzzed->ended_count = 0;
}

/* ---- what was asked ---- */

static const struct host_object objects[] = {{.size = 40, .whole = true, .name = "pInfo"},
                                             {.size = 8, .name = "pbData"}};
static const struct host_follow follows[] = {{.object = 0, .offset = 16, .length = 8}};
static const struct host_call calls[] = {
    {.entry = ENTRY_CardDeriveKey,
     .timeout_ms = MS_MAX,
     .objects = objects,
     .object_count = 2,
     .follows = follows,
     .follow_count = 1,
     .lane = 1},
    {.entry = ENTRY_CardDestroyDHAgreement, .timeout_ms = MS_MAX, .lane = 2},
};

static void check_result(const struct host_call *call, const struct host_result *result)
{
    if (result->outcome != HOST_RETURNED)
        return;
    FUZZ_HOLDS(result->image_count == call->object_count);
    FUZZ_HOLDS(result->follow_count == call->follow_count);
}

static void ask_call(struct host *host)
{
    struct host_result result;
    host_call(host, &calls[0], &result);
    check_result(&calls[0], &result);
}

static void on_entered(void *data, size_t call)
{
    (void)data;
    FUZZ_HOLDS(call < 2);
}

static void on_returned(void *data, size_t call, const struct host_result *result)
{
    (void)data;
    FUZZ_HOLDS(call < 2);
    check_result(&calls[call], result);
}

static void ask_parallel(struct host *host)
{
    const struct host_parallel block = {.calls = calls,
                                        .count = 2,
                                        .timeout_ms = MS_MAX,
                                        .entered = on_entered,
                                        .returned = on_returned};
    host_parallel(host, &block);
}

static void ask_load(struct host *host)
{
    bool loaded;
    host_load(host, "driver.so", MS_MAX, &loaded);
}

static void ask_connect(struct host *host)
{
    struct host_card card;
    host_connect(host, 0, "MDCTS V0", MS_MAX, &card);
    FUZZ_HOLDS(card.atr_len <= sizeof card.atr);
}

static void ask_card(struct host *host)
{
    const struct host_action action = {.action = CARD_FOREIGN, .timeout_ms = MS_MAX};
    struct bytes response;
    uint32_t status;
    host_card(host, &action, &status, &response);
}

static void ask_peek(struct host *host)
{
    struct bytes bytes;
    host_peek(host, 4096, 64, &bytes);
}

static void ask_maps(struct host *host)
{
    struct node *paths;
    if (host_maps(host, "driver", &paths) == HOST_RETURNED)
        fuzz_round_trip(host->sink.arena, paths);
}

static void ask_nothing(struct host *host)
{
    (void)host; /* but its end */
}

static void (*const questions[])(struct host *host) = {
    ask_call, ask_parallel, ask_load, ask_connect, ask_card, ask_peek, ask_maps, ask_nothing};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena keep = {0};
    struct bytes rest = {data + 1, size - 1}, message, output;
    int alive;
    if (size < 1 || !fuzz_take(&rest, &message) || !fuzz_take(&rest, &output))
        return 0;
    struct host *host = dead_host(&keep, output, rest, &alive);
    tell_server(message);
    questions[data[0] % (sizeof questions / sizeof questions[0])](host);
    host_end(host, false, MS_MAX);
    close(alive);
    arena_free(&keep);
    return 0;
}
