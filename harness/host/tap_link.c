/* SPDX-License-Identifier: Apache-2.0 */
#include "tap_link.h"
#include "channel.h"
#include "fault.h"
#include "heap.h"
#include "meeting.h"

#include "../base/clock.h"
#include "../tap/tap.h"

#include <dlfcn.h>
#include <string.h>

#define RESPONSE_BYTES_MAX 65538

static void put_exchange(struct frame_writer *event, const struct tap_report *report)
{
    frame_put_bytes(event, EV_COMMAND, report->command, report->command_len);
    frame_put_uint(event, EV_LC, report->lc);
    frame_put_bytes(event, EV_RESPONSE, report->response, report->response_len);
    frame_put_uint(event, EV_SW, report->sw);
    frame_put_uint(event, EV_STATUS, report->status);
    frame_put_uint(event, EV_US, report->us);
}

static void receive(const struct tap_report *report)
{
    static const enum event_kind kinds[] = {
        [TAP_TRANSMIT] = EVENT_APDU,
        [TAP_BEGIN] = EVENT_TRANSACTION,
        [TAP_END] = EVENT_TRANSACTION,
        [TAP_OTHER] = EVENT_PCSC,
    };
    if (report->kind == TAP_TRANSMIT)
        meeting_come(MEET_TRANSMIT);
    struct frame_writer *event = channel_event(kinds[report->kind]);
    if (report->kind == TAP_TRANSMIT) {
        put_exchange(event, report);
    } else if (report->kind == TAP_OTHER) {
        frame_put_text(event, EV_FUNCTION, report->function);
        frame_put_uint(event, EV_STATUS, report->status);
    } else {
        frame_put_text(event, EV_ACTION, report->kind == TAP_BEGIN ? "begin" : "end");
        frame_put_uint(event, EV_STATUS, report->status);
        if (report->kind == TAP_END)
            frame_put_uint(event, EV_DISPOSITION, report->disposition);
    }
    channel_send(event);
}

/* ---- what is made to happen ---- */

static struct {
    struct fault fault;
    enum host_trouble kind;
    uint32_t value;
    uint8_t previous[RESPONSE_BYTES_MAX]; /* of HOST_TROUBLE_PREVIOUS, during its call only */
    size_t previous_len;
} armed = {.fault = {.function = "SCardTransmit"}};

void tap_arm(const struct wire_call *call)
{
    fault_arm(&armed.fault, call->pcsc_nth, call->pcsc_from != 0);
    armed.kind = (enum host_trouble)call->pcsc_kind;
    armed.value = call->pcsc_value;
    explicit_bzero(armed.previous, armed.previous_len);
    armed.previous_len = 0;
}

void tap_disarm(void)
{
    tap_arm(&(struct wire_call){.pcsc_nth = 0});
}

static void keep_previous(const struct tap_report *report)
{
    if (armed.fault.nth == 0 || armed.kind != HOST_TROUBLE_PREVIOUS || report->sw == 0 ||
        report->response_len + 2 > sizeof armed.previous)
        return;
    memcpy(armed.previous, report->response, report->response_len);
    armed.previous[report->response_len] = (uint8_t)(report->sw >> 8);
    armed.previous[report->response_len + 1] = (uint8_t)report->sw;
    armed.previous_len = report->response_len + 2;
}

static void report(const struct tap_report *report)
{
    keep_previous(report);
    receive(report);
}

static struct tap_trouble trouble(void)
{
    static const uint8_t nothing[] = {0x90, 0x00}; /* the answer before the call's first one */
    static _Thread_local uint8_t status[2];
    struct tap_trouble one = {.kind = TAP_NO_TROUBLE, .value = armed.value};
    if (!fault_now(&armed.fault))
        return one;
    switch (armed.kind) {
    case HOST_TROUBLE_RETURN: one.kind = TAP_RETURN; break;
    case HOST_TROUBLE_CUT: one.kind = TAP_CUT; break;
    case HOST_TROUBLE_SHORT: one.kind = TAP_SHORT; break;
    case HOST_TROUBLE_DELAY: clock_wait_ms(armed.value); break;
    case HOST_TROUBLE_STATUS:
        status[0] = (uint8_t)(armed.value >> 8);
        status[1] = (uint8_t)armed.value;
        return (struct tap_trouble){.kind = TAP_ANSWER, .bytes = status, .len = sizeof status};
    case HOST_TROUBLE_PREVIOUS:
        one = (struct tap_trouble){
            .kind = TAP_ANSWER, .bytes = armed.previous, .len = armed.previous_len};
        if (armed.previous_len == 0)
            one.bytes = nothing, one.len = sizeof nothing;
        break;
    }
    return one;
}

bool tap_load(const char *path)
{
    static const struct tap_host host = {report, trouble, heap_is_drivers};
    tap_attach *attach;
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    void *symbol = library != NULL ? dlsym(library, MDCTS_TAP_ATTACH) : NULL;
    memcpy(&attach, &symbol, sizeof attach);
    if (attach != NULL)
        attach(&host);
    return attach != NULL;
}
