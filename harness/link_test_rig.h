/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the link share: a server for the group, a host for each test, and the calls
 * they make. Everything lives in rig.arena, which is emptied after each test. */
#ifndef MDCTS_LINK_TEST_RIG_H
#define MDCTS_LINK_TEST_RIG_H

#include "link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define DEADLINE_MS 20000u /* of what should not hang */
#define SHORT_MS    150u   /* of what does */

struct rig {
    struct arena arena;
    struct link *server;
    struct host *host;
    struct node *events;
    struct bytes freed; /* contents of the last freed block */
};
extern struct rig rig;
extern const struct host_object derive_object; /* CARD_DERIVE_KEY of version 1, no parameters */

int open_server(void **state);
int open_server_with(void **state, const struct link_cores *cores);
int close_server(void **state);
int set_up(void **state);
int tear_down(void **state);

#define TEST(name) cmocka_unit_test_setup_teardown(test_link__##name, set_up, tear_down)

struct host *start_host(void);

/* The nth event of that kind, from 1; NULL if there is none. */
struct node *find_event(const char *kind, int nth);
/* A number of the first event of that kind; UINT64_MAX if there is none. */
uint64_t event_number(const char *kind, const char *key);

/* Loads a hostile driver by its name. */
enum host_outcome load(const char *name);
/* CardAcquireContext as context 0; version 7 where no spec is given. */
enum host_outcome acquire(void);
enum host_outcome acquire_with(const struct host_context *spec);
/* CardConstructDHAgreement with 72 bytes of peer key: object 0 is the structure, 1 the key. */
enum host_outcome construct(struct host_result *result);
/* CardDeriveKey without parameters; the key is followed. */
struct host_call derive_call(uint32_t timeout_ms);
/* Loads the driver, acquires, derives. */
enum host_outcome derive(const char *driver, uint32_t timeout_ms, struct host_result *result);
/* Ends the host cleanly, if it lets us. */
struct host_ended end(void);

#endif
