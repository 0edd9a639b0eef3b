/* SPDX-License-Identifier: Apache-2.0 */
#include "parallel.h"
#include "caller.h"
#include "channel.h"
#include "lane.h"
#include "meeting.h"
#include "scratch.h"

static struct {
    struct caller_request calls[HOST_PARALLEL_MAX];
    struct caller_kept kept[HOST_PARALLEL_MAX]; /* each written by its own lane only */
    uint32_t count;
    uint32_t lanes;
} block;

static void note_entered(uint32_t number)
{
    struct frame_writer *note = channel_reply(NOTE_ENTERED);
    frame_put_uint(note, FIELD_NUMBER, number);
    channel_send(note);
}

static void note_not_made(uint32_t number)
{
    struct frame_writer *note = channel_reply(NOTE_RETURNED);
    frame_put_uint(note, FIELD_STATE, REPLY_NOT_CALLED);
    frame_put_uint(note, FIELD_NUMBER, number);
    channel_send(note);
}

/* Whether there is all that it wants of earlier calls. */
static bool has_what_it_wants(const struct caller_request *call, uint32_t number)
{
    struct wire_patch row;
    for (size_t i = 0; wire_row(call->patches, i, &row, sizeof row); i++)
        if (row.call >= number || !block.kept[row.call].valid)
            return false;
    return true;
}

static void run_call(uint32_t number)
{
    const struct caller_request *call = &block.calls[number];
    struct caller_reply to = {NOTE_RETURNED, number, block.kept};
    if (!has_what_it_wants(call, number)) {
        note_not_made(number);
        return;
    }
    channel_set_own_step(call->head.step);
    meeting_name((enum host_meeting)call->head.meet);
    note_entered(number);
    caller_perform(call, &to);
    channel_set_own_step(0);
}

static void run_script(void *data)
{
    const uint32_t *lane = data;
    lane_enter(*lane);
    for (uint32_t i = 0; i < block.count; i++)
        if (block.calls[i].head.lane == *lane)
            run_call(i);
    meeting_leave();
    lane_enter(0);
}

static bool take_call(struct bytes fields)
{
    struct caller_request *call = &block.calls[block.count];
    if (block.count == HOST_PARALLEL_MAX || !caller_parse(fields, call) || call->head.lane == 0 ||
        call->head.lane > THREADS_MAX || call->head.meet > MEET_RETURN)
        return false;
    block.kept[block.count++] = (struct caller_kept){.valid = false};
    if (call->head.lane > block.lanes)
        block.lanes = call->head.lane;
    return true;
}

/* All calls of the request, and all threads. */
static bool take_calls(struct bytes fields)
{
    struct frame_field field;
    bool ok = true;
    block.count = block.lanes = 0;
    while (ok && frame_next(&fields, &field))
        ok = field.id != FIELD_CALL || take_call(field.bytes);
    for (uint32_t lane = 1; ok && lane <= block.lanes; lane++)
        ok = threads_start(lane);
    return ok;
}

static uint32_t count_meetings(void)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < block.count; i++)
        count += block.calls[i].head.meet != MEET_NOWHERE;
    return count;
}

void parallel_run(struct bytes request)
{
    static uint32_t numbers[LANES];
    bool ok = take_calls(request);
    if (ok)
        meeting_open(count_meetings(), block.lanes);
    for (uint32_t lane = 1; ok && lane <= block.lanes; lane++) {
        numbers[lane] = lane;
        threads_give(lane, run_script, &numbers[lane]);
    }
    for (uint32_t lane = 1; ok && lane <= block.lanes; lane++)
        threads_await(lane);
    struct frame_writer *reply = channel_reply(REPLY + REQUEST_PARALLEL);
    frame_put_uint(reply, FIELD_STATE, ok ? REPLY_DONE : REPLY_MALFORMED);
    channel_send(reply);
    scratch_reset();
    channel_wipe();
}
