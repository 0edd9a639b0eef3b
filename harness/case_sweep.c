/* SPDX-License-Identifier: Apache-2.0 */
#include "case_sweep.h"

struct player {
    const struct run_environment *env;
    const struct planned *planned;
    struct round round;
    bool cut; /* some places were left out */
    void (*after)(void *data);
    void *data;
};

/* One host's life; what it needed is given back at once. */
static bool play(struct player *p)
{
    struct arena arena = {0};
    bool ok = case_run_planned(p->env, &arena, p->planned, &p->round);
    arena_free(&arena);
    p->after(p->data);
    return ok;
}

/* True if the fault struck. */
static bool strike(struct player *p, uint32_t nth, bool *ok)
{
    p->round.number++;
    p->round.nth = nth;
    p->round.fired = false;
    p->round.heap_uses = 0;
    *ok = play(p);
    return *ok && p->round.fired;
}

/* A cheap generator is enough to spread the places; the seed makes it the same in each run. */
static uint32_t draw(const struct run_environment *env, uint32_t i, uint32_t below)
{
    uint64_t state = i + 1;
    for (size_t k = 0; k < env->seed.len; k++)
        state = (state ^ env->seed.data[k]) * UINT64_C(0x100000001b3);
    state ^= state >> 29;
    return (uint32_t)((state * UINT64_C(0x9e3779b97f4a7c15) >> 32) % below);
}

/* The places behind SWEEP_ROUNDS_ALL: a round without a fault counts them first, and stands for the
 * sweep's end. */
static bool play_drawn(struct player *p)
{
    bool ok = true;
    strike(p, UINT32_MAX, &ok);
    uint32_t uses = p->round.heap_uses;
    p->cut = uses > SWEEP_ROUNDS_ALL + SWEEP_ROUNDS_DRAWN;
    for (uint32_t i = 0; ok && i < SWEEP_ROUNDS_DRAWN && SWEEP_ROUNDS_ALL + i < uses; i++)
        strike(p, SWEEP_ROUNDS_ALL + 1 + (p->cut ? draw(p->env, i, uses - SWEEP_ROUNDS_ALL) : i),
               &ok);
    return ok;
}

static bool play_fault(struct player *p)
{
    bool ok = true;
    bool whole = p->env->exhaustive;
    uint32_t most = whole ? SWEEP_ROUNDS_EXHAUSTIVE : SWEEP_ROUNDS_ALL;
    for (uint32_t nth = 1; nth <= most && p->round.hangs < SWEEP_HANGS_MAX; nth++)
        if (!strike(p, nth, &ok))
            return ok;
    if (!whole && p->round.fault == SWEEP_MALLOC && p->round.hangs < SWEEP_HANGS_MAX)
        return play_drawn(p);
    p->cut = true;
    return ok;
}

static bool play_troubles(struct player *p, const struct sweep *sweep)
{
    bool ok = true;
    for (size_t i = 0; ok && i < sweep->trouble_count; i++) {
        p->round.trouble = &sweep->troubles[i];
        ok = play_fault(p);
    }
    return ok;
}

static void emit_swept(struct player *p, struct arena *arena)
{
    struct node *event = node_new_map(arena);
    node_add(event, "e", node_new_string(arena, "swept"));
    node_add(event, "rounds", node_new_uint(arena, p->round.number));
    if (p->cut)
        node_add(event, "cut", node_new_bool(arena, true));
    node_add(event, "c", node_new_uint(arena, p->planned->n));
    p->env->emit(p->env->emit_data, arena, event);
}

bool case_sweep_play(const struct run_environment *env, struct arena *arena,
                     const struct planned *planned, void (*after)(void *data), void *data)
{
    size_t swept = steps_swept(planned->steps, planned->step_count);
    if (swept == planned->step_count) {
        bool played = case_run_planned(env, arena, planned, NULL);
        after(data);
        return played;
    }
    const struct sweep *sweep = &planned->steps[swept].sweep;
    struct player player = {.env = env,
                            .planned = planned,
                            .round = {.from_then_on = sweep->from_then_on},
                            .after = after,
                            .data = data};
    bool ok = true;
    for (size_t i = 0; ok && i < sweep->fault_count; i++) {
        player.round.fault = sweep->faults[i];
        ok = sweep->trouble_count > 0 ? play_troubles(&player, sweep) : play_fault(&player);
    }
    emit_swept(&player, arena);
    return ok;
}
