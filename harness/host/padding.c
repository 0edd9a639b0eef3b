/* SPDX-License-Identifier: Apache-2.0 */
#include "padding.h"
#include "channel.h"

#include "mdcts/status.h"

static DWORD refuse(enum event_kind kind)
{
    struct frame_writer *event = channel_event(kind);
    frame_put_uint(event, EV_STATUS, SCARD_E_UNSUPPORTED_FEATURE);
    channel_send(event);
    return SCARD_E_UNSUPPORTED_FEATURE;
}

DWORD WINAPI padding_pad(PCARD_SIGNING_INFO info, DWORD width, DWORD *len, PBYTE *data)
{
    (void)info, (void)width, (void)len, (void)data;
    return refuse(EVENT_PAD);
}

DWORD WINAPI padding_unpad(PCARD_RSA_DECRYPT_INFO info, DWORD *len, PBYTE *data)
{
    (void)info, (void)len, (void)data;
    return refuse(EVENT_UNPAD);
}
