/* SPDX-License-Identifier: Apache-2.0 */
#include "tap_link.h"
#include "channel.h"
#include "meeting.h"

#include "../tap/tap.h"

#include <dlfcn.h>
#include <string.h>

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

bool tap_load(const char *path)
{
    tap_set_sink *set_sink;
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    void *symbol = library != NULL ? dlsym(library, MDCTS_TAP_SET_SINK) : NULL;
    memcpy(&set_sink, &symbol, sizeof set_sink);
    if (set_sink != NULL)
        set_sink(receive);
    return set_sink != NULL;
}
