/* SPDX-License-Identifier: Apache-2.0 */
#include "case_run.h"

#include "base/clock.h"
#include "card_control.h"
#include "case_process.h"
#include "mdcts/status.h"
#include "residue.h"
#include "residue_log.h"
#include "step_parallel.h"
#include "trace.h"

#include <poll.h>
#include <string.h>

#define LOAD_TIMEOUT_MS 10000
#define SETTLE_MS       3000
#define SETTLE_PAUSE_MS 2

struct node *case_event(struct case_run *run, const char *kind)
{
    struct node *event = node_new_map(run->arena);
    node_add(event, "e", node_new_string(run->arena, kind));
    if (run->step != 0)
        node_add(event, "s", node_new_uint(run->arena, run->step));
    if (run->thread != 0)
        node_add(event, "t", node_new_uint(run->arena, run->thread));
    return event;
}

void case_emit(struct case_run *run, struct node *event)
{
    if (run->n != EVENT_NO_CASE)
        node_add(event, "c", node_new_uint(run->arena, run->n));
    if (run->process != 0)
        node_add(event, "h", node_new_uint(run->arena, run->process));
    if (run->iteration != 0)
        node_add(event, "i", node_new_uint(run->arena, run->iteration));
    run->env->emit(run->env->emit_data, run->arena, event);
}

static void note_round(struct round *round, const char *kind)
{
    round->fired = round->fired || strcmp(kind, "fault") == 0;
    round->hangs += strcmp(kind, "hang") == 0;
}

/* What the card said to the last PIN: a driver may have its own word for it, or none. */
static void note_verify(struct case_run *run, const struct node *event)
{
    const char *kind = node_get_text(event, "e"), *command = node_get_text(event, "command");
    uint64_t sw = node_get_uint(event, "sw", 0);
    if (kind != NULL && strcmp(kind, "apdu") == 0 && command != NULL &&
        strncmp(command, "0020", 4) == 0 && node_get_uint(event, "lc", 0) > 0)
        run->pin_refused = sw >> 4 == 0x63C || sw == 0x6983;
}

/* What the driver frees is looked at when its call has returned: only then is the derived key
 * known. */
static void host_event(void *data, struct node *event, struct bytes content)
{
    struct case_run *run = data;
    if (run->round != NULL)
        note_round(run->round, node_get_text(event, "e"));
    if (content.len > 0 && !node_get_bool(event, "caller", false) && run->freed_count < FREED_MAX) {
        run->freed[run->freed_count++] =
            (struct freed_block){node_get_uint(event, "block", 0), node_get_uint(event, "t", 0),
                                 bytes_copy(run->arena, content)};
        node_add(event, "searched", node_new_bool(run->arena, true));
    }
    note_verify(run, event);
    case_emit(run, event);
}

uint32_t case_timeout_ms(const struct case_run *run, const struct step *step)
{
    if (step->timeout_ms != 0)
        return step->timeout_ms;
    return run->timeout_ms != 0 ? run->timeout_ms : run->env->call_timeout_ms;
}

struct run_context *case_context(struct case_run *run, const char *name)
{
    for (size_t i = 0; i < run->context_count; i++)
        if (strcmp(run->contexts[i].name, name) == 0)
            return &run->contexts[i];
    if (run->context_count == CONTEXTS_MAX)
        return NULL;
    struct run_context *context = &run->contexts[run->context_count++];
    *context = (struct run_context){.name = name};
    return context;
}

struct binding *case_binding(struct case_run *run, const char *name)
{
    for (size_t i = run->binding_count; i > 0; i--) {
        struct binding *one = run->bindings[i - 1];
        bool other = one->repeated && run->repeating && one->iteration != run->iteration;
        if (!other && strcmp(one->name, name) == 0)
            return one;
    }
    return NULL;
}

struct binding *case_bind(struct case_run *run, const char *name)
{
    if (run->binding_count == BINDINGS_MAX)
        return NULL;
    run->bindings = arena_grow(&run->keep, run->bindings, run->binding_count,
                               &run->binding_capacity, sizeof(struct binding *));
    struct binding *binding = arena_new(&run->keep, struct binding);
    *binding =
        (struct binding){.name = name, .repeated = run->repeating, .iteration = run->iteration};
    run->bindings[run->binding_count++] = binding;
    return binding;
}

static void emit_broken(struct case_run *run, const char *why)
{
    struct node *event = case_event(run, "broken");
    node_add(event, "why", node_new_string(run->arena, why));
    case_emit(run, event);
}

/* The card as it was at the start of the run, its APDU counter at zero. */
static void restore_card(struct case_run *run, uint32_t reader)
{
    uint64_t start = clock_ns();
    struct card_control *card = run->env->cards[reader];
    run->restored[reader] = true;
    if (card != NULL && !card_control_restore(card))
        emit_broken(run, "the virtual card did not restore its image");
    run->restore_ns += clock_ns() - start;
}

/* A card that has just come or been reset: the daemon tells its clients a moment after the card
 * knows. */
static bool is_settling(const struct host_card *card)
{
    static const uint32_t statuses[] = {SCARD_E_NO_SMARTCARD,   SCARD_W_UNRESPONSIVE_CARD,
                                        SCARD_W_UNPOWERED_CARD, SCARD_W_RESET_CARD,
                                        SCARD_W_REMOVED_CARD,   SCARD_E_SHARING_VIOLATION};
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        if (card->status == statuses[i])
            return true;
    return false;
}

bool case_connect(struct case_run *run, uint32_t reader)
{
    struct host_card card;
    enum host_outcome outcome;
    bool *connected = &run->connected[reader];
    if (reader >= run->env->reader_count || *connected)
        return *connected;
    if (!run->restored[reader])
        restore_card(run, reader);
    uint64_t deadline = clock_ns() + SETTLE_MS * UINT64_C(1000000);
    do {
        outcome =
            host_connect(run->host, reader, run->env->readers[reader], LOAD_TIMEOUT_MS, &card);
        *connected = outcome == HOST_RETURNED && card.status == 0;
    } while (!*connected && outcome == HOST_RETURNED && is_settling(&card) &&
             clock_ns() < deadline && poll(NULL, 0, SETTLE_PAUSE_MS) == 0);
    if (!*connected)
        emit_broken(run, arena_printf(run->arena, "the reader could not be connected: 0x%08x",
                                      outcome == HOST_RETURNED ? card.status : 0));
    return *connected;
}

static struct host *start_host(struct case_run *run)
{
    const struct run_environment *env = run->env;
    struct host_sink sink = {run->arena, host_event, run};
    struct host *host = host_start(env->hosts->link, &sink);
    if (host == NULL && run->process_count == 0 && env->renew_link != NULL &&
        env->renew_link(env->renew_data))
        host = host_start(env->hosts->link, &sink);
    return host;
}

bool case_start_host(struct case_run *run)
{
    run->host = start_host(run);
    if (run->host == NULL) {
        emit_broken(run, "no host could be started");
        return false;
    }
    bool loaded = run->env->hosts->preloaded;
    enum host_outcome outcome =
        loaded ? host_load_later(run->host, run->env->driver)
               : host_load(run->host, run->env->driver, run->env->call_timeout_ms, &loaded);
    if (outcome == HOST_RETURNED && loaded)
        case_connect(run, 0);
    return true;
}

/* A swept case has a beginning and an end in each round. */
static void emit_begin(struct case_run *run)
{
    struct node *event = case_event(run, "begin");
    if (run->round != NULL)
        node_add(event, "round", node_new_uint(run->arena, run->round->number));
    case_emit(run, event);
}

struct case_run *case_run_begin(const struct run_environment *env, struct arena *arena, uint64_t n,
                                const char *id, struct round *round)
{
    struct case_run *run = arena_new(arena, struct case_run);
    run->env = env;
    run->arena = arena;
    run->n = n;
    run->id = id;
    run->round = round;
    emit_begin(run);
    restore_card(run, 0);
    if (!case_start_host(run))
        return NULL;
    return run;
}

static bool is_bound(struct case_run *run, const char *name)
{
    bool acquired = false;
    for (size_t i = 0; i < run->context_count; i++)
        acquired |= run->contexts[i].acquired && strcmp(run->contexts[i].name, name) == 0;
    return acquired || case_binding(run, name) != NULL;
}

static bool step_applies(struct case_run *run, const struct step *step)
{
    return step->condition == NULL || is_bound(run, step->condition) != step->unless;
}

static struct step_result leave_out(struct case_run *run, const struct step *step)
{
    struct node *event = case_event(run, "not_run");
    node_add(
        event, "why",
        node_new_string(run->arena, arena_printf(run->arena, "%s $%s",
                                                 step->unless ? "unless" : "if", step->condition)));
    node_add(event, "left_out", node_new_bool(run->arena, true));
    case_emit(run, event);
    return (struct step_result){.why = "left out"};
}

static struct step_result play(struct case_run *run, const struct step *step, uint32_t number,
                               uint32_t iteration)
{
    residue_search(run);
    run->step = number;
    run->iteration = iteration;
    run->repeating = step_is_repeated(step);
    struct step_result result =
        step_applies(run, step) ? step_run(run, step) : leave_out(run, step);
    run->repeating = false;
    run->iteration = run->step = 0;
    return result;
}

/* Before a repetition: forgets what the one before allocated, once nobody needs it any more. */
static void forget(struct case_run *run, struct arena_mark mark)
{
    residue_search(run);
    run->freed_count = 0;
    arena_release(run->arena, mark);
}

struct step_result case_run_step(struct case_run *run, const struct step *step, uint32_t number)
{
    struct step_result result = {0};
    struct arena_mark mark = arena_mark(run->arena);
    for (uint32_t i = 0; i < step->repeat; i++) {
        if (i > 0)
            forget(run, mark);
        result = play(run, step, number, i);
    }
    return result;
}

static void play_block(struct case_run *run, const struct step *steps, size_t count,
                       uint32_t number, uint32_t iteration)
{
    if (steps->beside == 0) {
        for (size_t k = 0; k < count; k++)
            play(run, &steps[k], number + (uint32_t)k, iteration);
        return;
    }
    residue_search(run);
    run->iteration = iteration;
    run->repeating = step_is_repeated(steps);
    step_parallel_run(run, steps, count, number);
    run->repeating = false;
    run->iteration = 0;
}

void case_run_steps(struct case_run *run, const struct step *steps, size_t count)
{
    run->steps = steps;
    run->step_count = count;
    for (size_t i = 0; i < count; i++) {
        size_t together = steps[i].block;
        if (together == 0 || together > count - i) {
            case_run_step(run, &steps[i], (uint32_t)i + 1);
            continue;
        }
        struct arena_mark mark = arena_mark(run->arena);
        for (uint32_t iteration = 0; iteration < steps[i].repeat; iteration++) {
            if (iteration > 0)
                forget(run, mark);
            play_block(run, &steps[i], together, (uint32_t)i + 1, iteration);
        }
        i += together - 1;
    }
    run->steps = NULL;
}

/* What a caller does with every context that a case left alive. */
static void delete_contexts(struct case_run *run)
{
    for (size_t i = 0; i < run->context_count; i++)
        if (run->contexts[i].acquired) {
            case_process_enter_nth(run, run->contexts[i].process);
            step_delete_context(run, (uint32_t)i);
        }
}

static const char *ending_name(struct host_ended ended)
{
    if (ended.clean)
        return "clean";
    return ended.exited ? "exit" : "killed";
}

void case_run_end(struct case_run *run)
{
    delete_contexts(run);
    if (run->process_count > 1)
        residue_search(run);
    case_process_end_others(run);
    residue_search_aside(run);
    host_leave(run->host, true, CASE_END_TIMEOUT_MS);
    residue_tell(run);
    struct host_ended ended = host_end(run->host, true, CASE_END_TIMEOUT_MS);
    run->host = NULL;
    /* Then what the driver did in this case says nothing about it. */
    const char *lost = run->env->lost(run->env->lost_data);
    if (lost != NULL)
        emit_broken(run, lost);
    residue_log_search(run);
    run->load_ns = ended.load_ns;
    run->pcsc_ns = ended.pcsc_ns;
    struct node *event = case_event(run, "end");
    /* Asked for while probing only, where it tells whether the tap sees everything. */
    uint64_t apdus;
    if (run->n == EVENT_NO_CASE && run->env->cards[0] != NULL &&
        card_control_count(run->env->cards[0], &apdus))
        node_add(event, "card_apdus", node_new_uint(run->arena, apdus));
    node_add(event, "ending", node_new_string(run->arena, ending_name(ended)));
    case_emit(run, event);
    arena_free(&run->keep);
    run->binding_count = 0;
}

bool case_run_planned(const struct run_environment *env, struct arena *arena,
                      const struct planned *planned, struct round *round)
{
    struct case_run *run = case_run_begin(env, arena, planned->n, planned->id, round);
    if (run == NULL)
        return false;
    run->timeout_ms = planned->timeout_ms;
    case_run_steps(run, planned->steps, planned->step_count);
    case_run_end(run);
    return true;
}
