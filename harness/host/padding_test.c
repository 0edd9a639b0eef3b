/* SPDX-License-Identifier: Apache-2.0 */
#include "padding.h"

#include "channel.h"
#include "ledger.h"
#include "mdcts/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* The channel's place is taken: events go nowhere, and are counted. */
static struct frame_writer nowhere;
static int events;

struct frame_writer *channel_event(enum event_kind kind)
{
    (void)kind;
    return &nowhere;
}

bool channel_send(struct frame_writer *writer)
{
    events += writer == &nowhere;
    return true;
}

uint32_t channel_step(void)
{
    return 1;
}

static int start(void **state)
{
    (void)state;
    ledger_reset();
    events = 0;
    return 0;
}

static CARD_SIGNING_INFO signing(ALG_ID algorithm, uint8_t *digest, DWORD len)
{
    return (CARD_SIGNING_INFO){
        .dwVersion = 1, .aiHashAlg = algorithm, .pbData = digest, .cbData = len};
}

static void test_padding__pads_a_sha1_digest_as_rfc_8017_says(void **state)
{
    (void)state;
    static const uint8_t prefix[] = {0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e,
                                     0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14};
    uint8_t digest[20] = {1, 2, 3}, *block = NULL;
    DWORD len = 0;
    CARD_SIGNING_INFO info = signing(0x8004, digest, sizeof digest);
    assert_int_equal(padding_pad(&info, 128, &len, &block), SCARD_S_SUCCESS);
    assert_int_equal(len, 128);
    assert_int_equal(block[0], 0);
    assert_int_equal(block[1], 1);
    for (size_t i = 2; i < 128 - 36; i++)
        assert_int_equal(block[i], 0xff);
    assert_int_equal(block[128 - 36], 0);
    assert_memory_equal(block + 128 - 35, prefix, sizeof prefix);
    assert_memory_equal(block + 128 - 20, digest, sizeof digest);
    assert_int_equal(events, 2); /* the block, and the call */
}

/* DigestInfo in DER, RFC 8017 section 9.2: lengths that fit, the hash's object identifier, NULL. */
static void test_padding__names_each_hash(void **state)
{
    (void)state;
    static const struct {
        ALG_ID algorithm;
        uint8_t digest_len, oid_len, oid[9];
    } rows[] = {
        {0x8003, 16, 8, {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x05}},
        {0x8004, 20, 5, {0x2b, 0x0e, 0x03, 0x02, 0x1a}},
        {0x800c, 32, 9, {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01}},
        {0x800d, 48, 9, {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02}},
        {0x800e, 64, 9, {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t digest[64] = {1}, *block = NULL, oid = rows[i].oid_len, len = rows[i].digest_len;
        DWORD size = 0;
        CARD_SIGNING_INFO info = signing(rows[i].algorithm, digest, len);
        assert_int_equal(padding_pad(&info, 256, &size, &block), SCARD_S_SUCCESS);
        const uint8_t *der = block + 256 - (10 + oid + len);
        const uint8_t head[] = {0, 0x30, (uint8_t)(8 + oid + len), 0x30, (uint8_t)(4 + oid),
                                6, oid};
        const uint8_t tail[] = {5, 0, 4, len};
        assert_memory_equal(der - 1, head, sizeof head);
        assert_memory_equal(der + 6, rows[i].oid, oid);
        assert_memory_equal(der + 6 + oid, tail, sizeof tail);
    }
}

static void test_padding__refuses_what_it_can_not_pad(void **state)
{
    (void)state;
    uint8_t digest[20] = {0}, *block = NULL;
    DWORD len = 0;
    CARD_SIGNING_INFO info = signing(0x8004, digest, sizeof digest);
    assert_int_equal(padding_pad(NULL, 128, &len, &block), SCARD_E_INVALID_PARAMETER);
    assert_int_equal(padding_pad(&info, 45, &len, &block), SCARD_E_INVALID_PARAMETER);
    assert_int_equal(padding_pad(&info, 4096, &len, &block), SCARD_E_INVALID_PARAMETER);
    assert_int_equal(padding_pad(&info, 128, &len, NULL), SCARD_E_INVALID_PARAMETER);
    info.cbData = 19;
    assert_int_equal(padding_pad(&info, 128, &len, &block), SCARD_E_INVALID_PARAMETER);
    info = signing(0x1234, digest, sizeof digest);
    assert_int_equal(padding_pad(&info, 128, &len, &block), SCARD_E_UNSUPPORTED_FEATURE);
    assert_null(block);
}

/* 00 02, eight bytes of padding, 00, "key", least significant byte first. */
static uint8_t decrypted[] = {'y', 'e', 'k', 0, 9, 9, 9, 9, 9, 9, 9, 9, 2, 0};

static CARD_RSA_DECRYPT_INFO decrypting(void)
{
    return (CARD_RSA_DECRYPT_INFO){.dwVersion = 2,
                                   .pbData = decrypted,
                                   .cbData = sizeof decrypted,
                                   .dwPaddingType = CARD_PADDING_PKCS1};
}

static void test_padding__finds_the_message(void **state)
{
    (void)state;
    uint8_t *message = NULL;
    DWORD len = 0;
    CARD_RSA_DECRYPT_INFO info = decrypting();
    assert_int_equal(padding_unpad(&info, &len, &message), SCARD_S_SUCCESS);
    assert_int_equal(len, 3);
    assert_memory_equal(message, "key", 3);
}

static void test_padding__refuses_what_is_not_padded(void **state)
{
    (void)state;
    uint8_t *message = NULL;
    DWORD len = 0;
    CARD_RSA_DECRYPT_INFO info = decrypting();
    info.dwVersion = 1;
    assert_int_equal(padding_unpad(&info, &len, &message), ERROR_REVISION_MISMATCH);
    info = decrypting();
    info.dwPaddingType = CARD_PADDING_OAEP;
    assert_int_equal(padding_unpad(&info, &len, &message), SCARD_E_UNSUPPORTED_FEATURE);
    info = decrypting();
    info.cbData = 10;
    assert_int_equal(padding_unpad(&info, &len, &message), SCARD_E_INVALID_PARAMETER);
    info = decrypting();
    uint8_t seven[] = {'y', 'e', 'k', 0, 9, 9, 9, 9, 9, 9, 9, 2, 0};
    info.pbData = seven; /* one byte of padding too few */
    info.cbData = sizeof seven;
    assert_int_equal(padding_unpad(&info, &len, &message), SCARD_E_INVALID_PARAMETER);
    info.pbData = decrypted + 1; /* the first byte is no longer 00 02 */
    info.cbData = sizeof decrypted - 2;
    assert_int_equal(padding_unpad(&info, &len, &message), SCARD_E_INVALID_PARAMETER);
    assert_null(message);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_padding__pads_a_sha1_digest_as_rfc_8017_says, start),
        cmocka_unit_test_setup(test_padding__names_each_hash, start),
        cmocka_unit_test_setup(test_padding__refuses_what_it_can_not_pad, start),
        cmocka_unit_test_setup(test_padding__finds_the_message, start),
        cmocka_unit_test_setup(test_padding__refuses_what_is_not_padded, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0; /* never a count */
}
