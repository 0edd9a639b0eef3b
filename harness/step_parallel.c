/* SPDX-License-Identifier: Apache-2.0 */
#include "step_parallel.h"

#include "case_process.h"

#include <string.h>

/* One call of the block, where it stands in the case, and how far it came. */
struct member {
    struct step_call call;
    uint32_t number;
    bool entered, over;
};

struct parallel {
    struct case_run *run;
    struct member *members[HOST_PARALLEL_MAX];
    struct host_call calls[HOST_PARALLEL_MAX];
    size_t count;
};

/* What is recorded now is about that call. */
static void stand_at(struct case_run *run, const struct member *member)
{
    run->step = member->number;
    run->thread = member->call.step->thread;
}

/* ---- before ---- */

bool parallel_makes(struct step_call *call, const char *name)
{
    const struct parallel *block = call->run->parallel;
    for (size_t i = block == NULL ? 0 : block->count; i > 0; i--) {
        const struct step *made = block->members[i - 1]->call.step;
        const char *as = step_binds(made);
        if (made->op != STEP_CONSTRUCT || made->thread != call->step->thread || as == NULL ||
            strcmp(as, name) != 0)
            continue;
        call->beside.agreement = as;
        call->beside.maker = i - 1;
        return true;
    }
    return false;
}

static void add_patch(struct member *member, struct host_call *made, const char *name, size_t from)
{
    struct host_patch *patches = (struct host_patch *)(uintptr_t)made->patches;
    struct host_patch *patch = &patches[made->patch_count];
    patch->call = (uint32_t)from;
    if (call_image_place(member->call.image, name, &patch->to))
        made->patch_count++;
}

static bool add_call(struct parallel *block, struct member *member)
{
    struct step_call *call = &member->call;
    struct host_call *made = &block->calls[block->count];
    if (block->count == HOST_PARALLEL_MAX) {
        call->outcome.why = "a block has more than HOST_PARALLEL_MAX calls";
        return false;
    }
    if (!step_call_draft(call, made))
        return false;
    made->lane = call->step->thread;
    made->patches = arena_array(block->run->arena, struct host_patch, HOST_PATCHES_MAX);
    if (call->beside.agreement != NULL)
        add_patch(member, made, "bSecretAgreementIndex", call->beside.maker);
    if (call->step->op == STEP_CONSTRUCT)
        call_image_place(call->image, "bSecretAgreementIndex", &made->keep);
    block->members[block->count++] = member;
    return true;
}

static bool add_query(struct parallel *block, struct member *member)
{
    struct member *query = arena_new(block->run->arena, struct member);
    *query = (struct member){.call = *member->call.beside.query, .number = member->number};
    if (!add_call(block, query)) {
        member->call.outcome.why = query->call.outcome.why;
        return false;
    }
    member->call.beside.query = &query->call;
    call_image_place(query->call.image, "cbDerivedKey", &block->calls[block->count - 1].keep);
    return true;
}

static enum host_meeting meeting_of(const struct step *step)
{
    static const struct {
        const char *name;
        enum host_meeting place;
    } rows[] = {
        {"CspAlloc", MEET_ALLOC},
        {"CspFree", MEET_FREE},
        {"CspGetDHAgreement", MEET_GET_DH_AGREEMENT},
        {"SCardTransmit", MEET_TRANSMIT},
        {"return", MEET_RETURN},
    };
    for (size_t i = 0; step->meet != NULL && i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].name, step->meet) == 0)
            return rows[i].place;
    return MEET_NOWHERE;
}

static bool add_member(struct parallel *block, struct member *member)
{
    struct step_call *call = &member->call;
    const struct step_parts *parts = step_parts_of(call->step->op);
    if (parts == NULL || !parts->prepare(call))
        return false;
    if (call->beside.query != NULL && !add_query(block, member))
        return false;
    if (!add_call(block, member))
        return false;
    struct host_call *made = &block->calls[block->count - 1];
    if (call->beside.query != NULL)
        add_patch(member, made, "cbDerivedKey", block->count - 2);
    made->meet = meeting_of(call->step);
    return true;
}

/* The call of a step, if there can be one. */
static void prepare(struct parallel *block, const struct step *step, uint32_t number)
{
    struct case_run *run = block->run;
    struct member *member = arena_new(run->arena, struct member);
    const char *name = step->op == STEP_ACQUIRE ? step_binds(step) : step->context;
    *member = (struct member){.number = number, .call = {.run = run, .step = step}};
    stand_at(run, member);
    struct step_call *call = &member->call;
    call->context = case_context(run, name);
    if (call->context == NULL) {
        step_not_run(run, "too many contexts");
        return;
    }
    call->context_id = (uint32_t)(call->context - run->contexts);
    if (call->context->made && call->context->process != run->process)
        call->outcome.why = "calls of one block are made in one process";
    if (call->outcome.why != NULL || !add_member(block, member))
        step_not_run(run, call->outcome.why == NULL ? "it can't be prepared" : call->outcome.why);
}

/* ---- meanwhile ---- */

static void on_entered(void *data, size_t number)
{
    struct parallel *block = data;
    struct member *member = block->members[number];
    stand_at(block->run, member);
    member->entered = true;
    if (member->call.beside.late != NULL)
        member->call.beside.late(&member->call);
    step_call_record(&member->call);
}

static void conclude(struct member *member, const struct host_result *result)
{
    struct step_call *call = &member->call;
    call->result = *result;
    step_call_take(call, result->outcome);
    if (!member->entered)
        call->outcome.why = "an earlier step of its script failed";
    if (!call->outcome.ran) {
        step_not_run(call->run, call->outcome.why);
        return;
    }
    bool is_query = call->step->op == STEP_DERIVE && call->sub == 0 && call->kept != NULL &&
                    call->beside.query == NULL;
    if (is_query)
        step_call_finish(call);
    else
        step_parts_of(call->step->op)->conclude(call);
}

static void on_returned(void *data, size_t number, const struct host_result *result)
{
    struct parallel *block = data;
    struct member *member = block->members[number];
    stand_at(block->run, member);
    member->over = true;
    conclude(member, result);
}

/* ---- afterwards ---- */

/* Calls that were not made since the host is gone; those that it was in are the end's own. */
static void tell_rest(const struct parallel *block, enum host_outcome outcome)
{
    struct case_run *run = block->run;
    for (size_t i = 0; i < block->count; i++) {
        const struct member *member = block->members[i];
        stand_at(run, member);
        if (!member->over && !member->entered)
            step_not_run(run, arena_printf(run->arena, "the host %s", host_outcome_name(outcome)));
    }
}

/* The caller frees what the driver handed out, each block once. */
static void free_returned(const struct step_call *call)
{
    uint32_t freed[HOST_FOLLOWS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < call->result.follow_count; i++) {
        const struct host_pointer *pointer = &call->result.follows[i].pointer;
        bool done = pointer->kind != POINTER_BLOCK || !pointer->live || pointer->offset != 0;
        for (size_t f = 0; f < count; f++)
            done = done || freed[f] == pointer->index;
        if (done || count == HOST_FOLLOWS_MAX)
            continue;
        freed[count++] = pointer->index;
        host_free(call->run->host, pointer->index, call->run->step);
    }
}

static void free_blocks(const struct parallel *block)
{
    for (size_t i = 0; i < block->count; i++) {
        struct member *member = block->members[i];
        stand_at(block->run, member);
        if (member->call.outcome.ran)
            free_returned(&member->call);
    }
}

static uint32_t longest_ms(const struct parallel *block)
{
    uint32_t longest = 0;
    for (size_t i = 0; i < block->count; i++)
        if (block->calls[i].timeout_ms > longest)
            longest = block->calls[i].timeout_ms;
    return longest;
}

static void run_calls(struct parallel *block)
{
    struct case_run *run = block->run;
    struct host_parallel wanted = {.calls = block->calls,
                                   .count = block->count,
                                   .timeout_ms = longest_ms(block),
                                   .entered = on_entered,
                                   .returned = on_returned,
                                   .data = block};
    run->freed_count = 0;
    enum host_outcome outcome = host_parallel(run->host, &wanted);
    if (outcome != HOST_RETURNED)
        tell_rest(block, outcome);
    else
        free_blocks(block);
}

/* That of a context which was acquired before the block. */
static uint32_t process_of(struct case_run *run, const struct step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct run_context *context = case_context(run, steps[i].context);
        if (steps[i].op != STEP_ACQUIRE && context != NULL && context->made)
            return context->process;
    }
    return 0;
}

void step_parallel_run(struct case_run *run, const struct step *steps, size_t count,
                       uint32_t number)
{
    struct parallel *block = arena_new(run->arena, struct parallel);
    block->run = run;
    run->parallel = block;
    case_process_enter_nth(run, process_of(run, steps, count));
    for (size_t i = 0; i < count; i++)
        prepare(block, &steps[i], number + (uint32_t)i);
    if (block->count > 0)
        run_calls(block);
    run->parallel = NULL;
    run->step = run->thread = 0;
    case_process_enter_nth(run, 0);
}
