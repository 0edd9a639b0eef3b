/* SPDX-License-Identifier: Apache-2.0 */
#include "padding.h"
#include "channel.h"
#include "ledger.h"
#include "region.h"

#include "mdcts/status.h"

#include <stddef.h>
#include <string.h>

#define WIDTH_MAX        2048u /* bytes of the longest modulus: 16384 bits */
#define DIGEST_BYTES_MAX 64u
#define OVERHEAD_BYTES   11u /* 00, 01 or 02, eight bytes of padding, 00 */

/* DER of DigestInfo in front of the digest (RFC 8017 9.2, note 1), by ALG_ID. */
static const struct digest_info {
    ALG_ID algorithm;
    uint8_t digest_len, prefix_len, prefix[19];
} digest_infos[] = {
    {0x8003,
     16,
     18,
     {0x30, 0x20, 0x30, 0x0c, 0x06, 0x08, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x05, 0x05,
      0x00, 0x04, 0x10}},
    {0x8004,
     20,
     15,
     {0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14}},
    {0x800c,
     32,
     19,
     {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
      0x05, 0x00, 0x04, 0x20}},
    {0x800d,
     48,
     19,
     {0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02,
      0x05, 0x00, 0x04, 0x30}},
    {0x800e,
     64,
     19,
     {0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03,
      0x05, 0x00, 0x04, 0x40}},
};

static bool copy_in(const void *from, void *to, size_t len)
{
    return memory_read((uintptr_t)from, to, len) == len;
}

/* Gives the driver a block with these bytes and records it. */
static DWORD hand_out(const uint8_t *bytes, DWORD size, const char *function, DWORD *len,
                      PBYTE *data)
{
    uint32_t block = 0;
    void *copy = ledger_alloc(size, channel_step(), &block);
    if (copy == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    memcpy(copy, bytes, size);
    if (!memory_write((uintptr_t)data, &copy, sizeof copy) ||
        !memory_write((uintptr_t)len, &size, sizeof size)) {
        ledger_free(copy, channel_step(), NULL);
        return SCARD_E_INVALID_PARAMETER;
    }
    struct frame_writer *event = channel_event(EVENT_ALLOC);
    frame_put_uint(event, EV_BLOCK, block);
    frame_put_uint(event, EV_SIZE, size);
    frame_put_text(event, EV_FUNCTION, function);
    channel_send(event);
    return SCARD_S_SUCCESS;
}

static DWORD record(enum event_kind kind, DWORD status)
{
    struct frame_writer *event = channel_event(kind);
    frame_put_uint(event, EV_STATUS, status);
    channel_send(event);
    return status;
}

static const struct digest_info *find_digest(ALG_ID algorithm)
{
    for (size_t i = 0; i < sizeof digest_infos / sizeof digest_infos[0]; i++)
        if (digest_infos[i].algorithm == algorithm)
            return &digest_infos[i];
    return NULL;
}

static DWORD pad(PCARD_SIGNING_INFO pointer, DWORD width, DWORD *len, PBYTE *data)
{
    CARD_SIGNING_INFO info = {0};
    uint8_t block[WIDTH_MAX], digest[DIGEST_BYTES_MAX];
    if (!copy_in(pointer, &info, offsetof(CARD_SIGNING_INFO, pPaddingInfo)))
        return SCARD_E_INVALID_PARAMETER;
    const struct digest_info *known = find_digest(info.aiHashAlg);
    if (known == NULL)
        return SCARD_E_UNSUPPORTED_FEATURE;
    size_t tail = (size_t)known->prefix_len + known->digest_len;
    if (info.cbData != known->digest_len || width > WIDTH_MAX || width < tail + OVERHEAD_BYTES ||
        !copy_in(info.pbData, digest, known->digest_len))
        return SCARD_E_INVALID_PARAMETER;
    memset(block, 0xff, width);
    block[0] = 0;
    block[1] = 1;
    block[width - tail - 1] = 0;
    memcpy(block + width - tail, known->prefix, known->prefix_len);
    memcpy(block + width - known->digest_len, digest, known->digest_len);
    return hand_out(block, width, "CspPadData", len, data);
}

DWORD WINAPI padding_pad(PCARD_SIGNING_INFO info, DWORD width, DWORD *len, PBYTE *data)
{
    return record(EVENT_PAD, pad(info, width, len, data));
}

static DWORD unpad(PCARD_RSA_DECRYPT_INFO pointer, DWORD *len, PBYTE *data)
{
    CARD_RSA_DECRYPT_INFO info = {0};
    uint8_t given[WIDTH_MAX], block[WIDTH_MAX];
    if (!copy_in(pointer, &info, offsetof(CARD_RSA_DECRYPT_INFO, pPaddingInfo)))
        return SCARD_E_INVALID_PARAMETER;
    if (info.dwVersion < CARD_RSA_KEY_DECRYPT_INFO_VERSION_TWO)
        return ERROR_REVISION_MISMATCH;
    if (!copy_in(pointer, &info, sizeof info) || info.cbData > WIDTH_MAX ||
        info.cbData < OVERHEAD_BYTES || !copy_in(info.pbData, given, info.cbData))
        return SCARD_E_INVALID_PARAMETER;
    if (info.dwPaddingType != CARD_PADDING_PKCS1)
        return SCARD_E_UNSUPPORTED_FEATURE;
    for (size_t i = 0; i < info.cbData; i++)
        block[i] = given[info.cbData - 1 - i];
    size_t start = 2;
    while (start < info.cbData && block[start] != 0)
        start++;
    if (block[0] != 0 || block[1] != 2 || start < OVERHEAD_BYTES - 1 || start + 1 > info.cbData)
        return SCARD_E_INVALID_PARAMETER;
    return hand_out(block + start + 1, (DWORD)(info.cbData - start - 1), "CspUnpadData", len, data);
}

DWORD WINAPI padding_unpad(PCARD_RSA_DECRYPT_INFO info, DWORD *len, PBYTE *data)
{
    return record(EVENT_UNPAD, unpad(info, len, data));
}
