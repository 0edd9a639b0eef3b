/* SPDX-License-Identifier: Apache-2.0 */
/* host_parallel(): several scripts of calls in one frame, and what the host notes of them. */
#include "link_internal.h"

enum call_state { CALL_WAITING, CALL_ENTERED, CALL_OVER };

struct parallel_run {
    const struct host_parallel *block;
    enum call_state states[HOST_PARALLEL_MAX];
    bool goes_on; /* a call has returned */
};

/* What ends the host is charged to a call that it was in; of several, to the first. */
static void choose_culprit(struct host *host)
{
    const struct parallel_run *run = host->parallel;
    host->thread = 0;
    for (size_t i = 0; i < run->block->count; i++)
        if (run->states[i] == CALL_ENTERED) {
            host->step = run->block->calls[i].step;
            host->thread = run->block->calls[i].lane;
            return;
        }
}

static bool take_result(struct host *host, const struct frame *note, size_t number)
{
    struct parallel_run *run = host->parallel;
    const struct host_call *call = &run->block->calls[number];
    struct host_result result = {.outcome = reply_outcome(HOST_RETURNED, note)};
    if (run->states[number] == CALL_OVER)
        return false;
    bool entered = run->states[number] == CALL_ENTERED;
    run->states[number] = CALL_OVER;
    run->goes_on = true;
    if (result.outcome == HOST_RETURNED &&
        (!entered || !call_get_result(host->sink.arena, note, call, &result)))
        return false;
    run->block->returned(run->block->data, number, &result);
    return true;
}

bool parallel_take_note(struct host *host, const struct frame *note)
{
    struct parallel_run *run = host->parallel;
    uint64_t number = reply_number(note, FIELD_NUMBER);
    if (run == NULL || number >= run->block->count)
        return false;
    bool ok = true;
    if (note->kind == NOTE_RETURNED) {
        ok = take_result(host, note, (size_t)number);
    } else {
        ok = run->states[number] == CALL_WAITING;
        run->states[number] = CALL_ENTERED;
        if (ok)
            run->block->entered(run->block->data, (size_t)number);
    }
    choose_culprit(host);
    return ok;
}

bool parallel_goes_on(struct host *host)
{
    bool goes_on = host->parallel != NULL && host->parallel->goes_on;
    if (goes_on)
        host->parallel->goes_on = false;
    return goes_on;
}

enum host_outcome host_parallel(struct host *host, const struct host_parallel *block)
{
    struct frame reply;
    struct parallel_run run = {.block = block};
    if (block->count == 0 || block->count > HOST_PARALLEL_MAX)
        return HOST_REFUSED;
    struct frame_writer request = request_begin(host, REQUEST_PARALLEL);
    for (size_t i = 0; i < block->count; i++) {
        if (!call_fits(&block->calls[i]))
            return HOST_REFUSED;
        size_t mark = frame_open(&request, FIELD_CALL);
        call_put(&request, &block->calls[i]);
        frame_close(&request, mark);
    }
    host->step = block->calls[0].step;
    host->parallel = &run;
    enum host_outcome outcome = host_request(host, &request, block->timeout_ms, &reply);
    host->parallel = NULL;
    host->thread = 0;
    explicit_bzero(host->link->outgoing, request.len);
    return reply_outcome(outcome, &reply);
}
