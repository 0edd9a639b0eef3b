/* SPDX-License-Identifier: Apache-2.0 */
/* The link, the tap and a card: run beside a virtual reader, with the reference driver. */
#include "link_test_rig.h"

#include <string.h>

#define READER "MDCTS V0 00 00" /* as pcscd numbers it */

static uint64_t count_events(const char *kind)
{
    uint64_t count = 0;
    while (find_event(kind, (int)count + 1) != NULL)
        count++;
    return count;
}

static void connect_card(struct host_card *card)
{
    assert_int_equal(host_connect(rig.host, 0, READER, DEADLINE_MS, card), HOST_RETURNED);
    assert_int_equal(card->status, 0);
}

static enum host_outcome acquire_reference(void)
{
    bool loaded = false;
    assert_int_equal(host_load(rig.host, MDCTS_REFERENCE, DEADLINE_MS, &loaded), HOST_RETURNED);
    assert_true(loaded);
    return acquire();
}

static void test_link__card_is_connected(void **state)
{
    (void)state;
    struct host_card card;
    connect_card(&card);
    assert_in_range(card.atr_len, 2, 33);
    assert_int_not_equal(card.card, 0);
    assert_true(end().clean);
}

static void test_link__absent_reader_is_told(void **state)
{
    (void)state;
    struct host_card card;
    assert_int_equal(host_connect(rig.host, 0, "nowhere", DEADLINE_MS, &card), HOST_RETURNED);
    assert_int_equal(card.status, 0x80100009);
}

static void test_link__apdus_pass_the_tap(void **state)
{
    (void)state;
    struct host_card card;
    connect_card(&card);
    assert_int_equal(acquire_reference(), HOST_RETURNED);
    struct node *apdu = find_event("apdu", 1);
    assert_non_null(apdu);
    assert_int_equal(node_get_uint(apdu, "s", 0), 1);
    assert_int_equal(node_get_uint(apdu, "sw", 0), 0x9000);
    assert_int_equal(node_get_uint(apdu, "status", 1), 0);
    assert_memory_equal(node_get_text(apdu, "command"), "00a4", 4);
    assert_int_equal(strlen(node_get_text(apdu, "command")),
                     2 * (5 + node_get_uint(apdu, "lc", 0)) + 2);
    /* The host's own calls don't pass it. */
    for (int i = 1; find_event("pcsc", i) != NULL; i++) {
        const char *function = node_get_text(find_event("pcsc", i), "function");
        assert_string_not_equal(function, "SCardEstablishContext");
        assert_string_not_equal(function, "SCardConnect");
    }
}

static void test_link__pin_does_not_pass_the_tap(void **state)
{
    (void)state;
    struct host_card card;
    struct host_result result;
    connect_card(&card);
    assert_int_equal(acquire_reference(), HOST_RETURNED);
    uint64_t before = count_events("apdu");
    static const uint8_t user[] = "u\0s\0e\0r\0\0";
    static const uint8_t pin[] = {'9', '8', '7', '6', '5', '4'};
    struct host_object objects[] = {{.name = "pwszUserId", .bytes = {user, sizeof user}},
                                    {.name = "pbPin", .bytes = {pin, sizeof pin}, .secret = true},
                                    {.name = "pcAttemptsRemaining", .size = 4, .whole = true}};
    struct host_value args[] = {{VALUE_CONTEXT, 0, 0},
                                {VALUE_OBJECT, 0, 0},
                                {VALUE_OBJECT, 1, 0},
                                {VALUE_NUMBER, 0, sizeof pin},
                                {VALUE_OBJECT, 2, 0}};
    struct host_call call = {.entry = ENTRY_CardAuthenticatePin,
                             .timeout_ms = DEADLINE_MS,
                             .transaction = true,
                             .args = args,
                             .arg_count = 5,
                             .objects = objects,
                             .object_count = 3};
    assert_int_equal(host_call(rig.host, &call, &result), HOST_RETURNED);
    assert_int_equal(result.transaction_status, 0);
    assert_int_equal(result.status, 0x8010006B);
    bool seen = false;
    for (int i = (int)before + 1; find_event("apdu", i) != NULL; i++) {
        struct node *apdu = find_event("apdu", i);
        if (strncmp(node_get_text(apdu, "command"), "0020", 4) != 0)
            continue;
        seen = seen || node_get_uint(apdu, "lc", 0) > 0;
        assert_int_equal(strlen(node_get_text(apdu, "command")), 8);
    }
    assert_true(seen);
}

static void test_link__card_actions_answer(void **state)
{
    (void)state;
    static const uint8_t select[] = {0, 0xA4, 4, 0, 5, 0xA0, 0, 0, 3, 8};
    struct host_card card;
    struct bytes response, apdu = {select, sizeof select};
    uint32_t status = 1;
    connect_card(&card);
    enum card_action actions[] = {CARD_BEGIN_TRANSACTION, CARD_END_TRANSACTION, CARD_RESET,
                                  CARD_FOREIGN, CARD_DISCONNECT};
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        struct host_action action = {
            .action = actions[i], .apdu = apdu, .step = 5, .timeout_ms = DEADLINE_MS};
        assert_int_equal(host_card(rig.host, &action, &status, &response), HOST_RETURNED);
        assert_int_equal(status, 0);
        if (actions[i] == CARD_FOREIGN)
            assert_memory_equal(response.data + response.len - 2, "\x90\x00", 2);
    }
    assert_int_equal(count_events("card"), 5);
    assert_string_equal(node_get_text(find_event("card", 4), "action"), "foreign");
    assert_true(node_get_bool(find_event("card", 4), "ok", false));
    assert_int_equal(count_events("apdu"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(card_is_connected),         TEST(absent_reader_is_told), TEST(apdus_pass_the_tap),
        TEST(pin_does_not_pass_the_tap), TEST(card_actions_answer),
    };
    return cmocka_run_group_tests(tests, open_server, close_server);
}
