/* SPDX-License-Identifier: Apache-2.0 */
#include "link_test_rig.h"

#include <stdlib.h>
#include <string.h>

struct rig rig;

static void keep_event(void *data, struct node *event, struct bytes content)
{
    (void)data;
    node_append(rig.events, event);
    if (content.len > 0)
        rig.freed = bytes_copy(&rig.arena, content);
}

struct host *start_host(void)
{
    struct host_sink sink = {&rig.arena, keep_event, NULL};
    struct host *started = host_start(rig.server, &sink);
    assert_non_null(started);
    return started;
}

int open_server(void **state)
{
    return open_server_with(state, NULL);
}

int open_server_with(void **state, const struct link_cores *cores)
{
    (void)state;
    /* Beside a virtual reader its socket must be known to the host. */
    const char *socket = getenv("PCSCLITE_CSOCK_NAME");
    const char *env[] = {"LC_ALL=C", NULL, NULL};
    if (socket != NULL)
        env[1] = arena_printf(&rig.arena, "PCSCLITE_CSOCK_NAME=%s", socket);
    struct link_config config = {.server_fd = -1,
                                 .host_path = MDCTS_HOST,
                                 .env = env,
                                 .tap_path = MDCTS_TAP,
                                 .cores = cores};
    const char *error = NULL;
    rig.server = link_open(&config, &rig.arena, &error);
    return rig.server == NULL;
}

int close_server(void **state)
{
    (void)state;
    link_close(rig.server);
    arena_free(&rig.arena);
    return 0;
}

int set_up(void **state)
{
    (void)state;
    rig.events = node_new_list(&rig.arena);
    rig.freed = (struct bytes){0};
    rig.host = start_host();
    return 0;
}

int tear_down(void **state)
{
    (void)state;
    if (rig.host != NULL)
        host_kill(rig.host);
    rig.host = NULL;
    arena_reset(&rig.arena);
    return 0;
}

/* The nth event of that kind, from 1. */
struct node *find_event(const char *kind, int nth)
{
    for (struct node *event = rig.events->first; event != NULL; event = event->next)
        if (strcmp(node_get_text(event, "e"), kind) == 0 && --nth == 0)
            return event;
    return NULL;
}

uint64_t event_number(const char *kind, const char *key)
{
    return node_get_uint(find_event(kind, 1), key, UINT64_MAX);
}

enum host_outcome load(const char *name)
{
    bool loaded;
    return host_load(rig.host, arena_printf(&rig.arena, MDCTS_DRIVERS "/hostile-%s.so", name),
                     DEADLINE_MS, &loaded);
}

enum host_outcome acquire_with(const struct host_context *spec)
{
    struct host_value args[] = {{VALUE_CONTEXT, 0, 0}, {VALUE_NUMBER, 0, 0}};
    struct host_call call = {.entry = ENTRY_CardAcquireContext,
                             .step = 1,
                             .timeout_ms = DEADLINE_MS,
                             .args = args,
                             .arg_count = 2};
    struct host_result result;
    assert_int_equal(host_context_new(rig.host, 0, spec), HOST_RETURNED);
    enum host_outcome outcome = host_call(rig.host, &call, &result);
    if (outcome == HOST_RETURNED)
        assert_int_equal(result.status, 0);
    return outcome;
}

enum host_outcome acquire(void)
{
    return acquire_with(&(struct host_context){.version = 7});
}

static uint8_t peer_key[72];

enum host_outcome construct(struct host_result *result)
{
    uint8_t info[40] = {2};
    info[12] = sizeof peer_key;
    struct host_object objects[] = {
        {.name = "pAgreementInfo", .bytes = {info, sizeof info}, .whole = true},
        {.name = "pbPublicKey", .bytes = {peer_key, sizeof peer_key}}};
    struct host_relocation relocation = {0, 0x10, {VALUE_OBJECT, 1, 0}};
    struct host_value args[] = {{VALUE_CONTEXT, 0, 0}, {VALUE_OBJECT, 0, 0}};
    struct host_call call = {.entry = ENTRY_CardConstructDHAgreement,
                             .step = 2,
                             .timeout_ms = DEADLINE_MS,
                             .args = args,
                             .arg_count = 2,
                             .objects = objects,
                             .object_count = 2,
                             .relocations = &relocation,
                             .relocation_count = 1};
    return host_call(rig.host, &call, result);
}

/* CARD_DERIVE_KEY of version 1, no parameters; the key is followed. */
const struct host_object derive_object = {
    .name = "CARD_DERIVE_KEY", .bytes = {(const uint8_t *)"\1", 1}, .size = 48, .whole = true};
static const struct host_value derive_args[] = {{VALUE_CONTEXT, 0, 0}, {VALUE_OBJECT, 0, 0}};
static const struct host_follow key_follow = {.object = 0,
                                              .offset = 0x20,
                                              .length = FOLLOW_FROM,
                                              .from_object = 0,
                                              .from_offset = 0x28,
                                              .from_width = 4};

struct host_call derive_call(uint32_t timeout_ms)
{
    return (struct host_call){.entry = ENTRY_CardDeriveKey,
                              .step = 3,
                              .timeout_ms = timeout_ms,
                              .args = derive_args,
                              .arg_count = 2,
                              .objects = &derive_object,
                              .object_count = 1,
                              .follows = &key_follow,
                              .follow_count = 1};
}

enum host_outcome derive(const char *driver, uint32_t timeout_ms, struct host_result *result)
{
    struct host_call call = derive_call(timeout_ms);
    assert_int_equal(load(driver), HOST_RETURNED);
    assert_int_equal(acquire(), HOST_RETURNED);
    return host_call(rig.host, &call, result);
}

struct host_ended end(void)
{
    struct host_ended ended = host_end(rig.host, false, DEADLINE_MS);
    rig.host = NULL;
    return ended;
}
