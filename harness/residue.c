/* SPDX-License-Identifier: Apache-2.0 */
#include "residue.h"

#include "aside.h"
#include "freed_search.h"
#include "mdcts/status.h"
#include "residue_maps.h"
#include "residue_memory.h"

#include <ctype.h>
#include <string.h>

#define PAGE        4096u
#define WORD        8u
#define FILTER_BITS 16

struct needle {
    struct bytes bytes;
    const char *what;
    bool found;
};

struct hit {
    const char *what;
    uint64_t address, length;
};

/* Everything that looking needs, for it is done beside the runner. */
struct search {
    struct host *host;
    const struct host_ranges *own;
    const char *after;
    uint32_t step, iteration;
    struct needle secrets[2 * RESIDUE_SECRETS_MAX], pins[2 * ROLES_COUNT];
    size_t secret_count, pin_count;
    /* Which words a secret has somewhere: a part of WORD + RESIDUE_PART_MIN / 2 - 1 bytes holds a
     * whole word at an address that is a multiple of WORD. */
    uint8_t filter[1u << (FILTER_BITS - 3)];
    struct hit hits[RESIDUE_FOUND_MAX];
    size_t hit_count;
    bool ok;
};

/* ---- what to look for ---- */

static void add_secret(struct search *search, struct bytes secret, const char *what)
{
    search->secrets[search->secret_count++] = (struct needle){.bytes = secret, .what = what};
}

/* Two agreements with one peer have one secret. */
static bool still_needed(struct case_run *run, struct bytes z)
{
    for (size_t i = 0; i < run->binding_count; i++) {
        struct binding *one = run->bindings[i];
        if (!one->has_peer || (one->ended && !one->told))
            continue;
        struct bytes other = freed_search_secret(run, one);
        if (other.data == NULL || bytes_equal(other, z))
            return true;
    }
    return false;
}

/* The secrets of the agreements that have ended, the last ones first. */
static void choose_secrets(struct search *search, struct case_run *run)
{
    for (size_t i = run->binding_count;
         i-- > 0 && search->secret_count < 2 * RESIDUE_SECRETS_MAX;) {
        struct binding *one = run->bindings[i];
        if (!one->has_peer || !one->ended || one->told)
            continue;
        struct bytes z = freed_search_secret(run, one);
        if (z.data == NULL || z.len < RESIDUE_PART_MIN || still_needed(run, z))
            continue;
        add_secret(search, z, "Z");
        add_secret(search, bytes_reversed(run->arena, z), "Z reversed");
    }
}

static bool process_is_empty(const struct case_run *run)
{
    for (size_t i = 0; i < run->context_count; i++)
        if (run->contexts[i].acquired && run->contexts[i].process == run->process)
            return false;
    return true;
}

static void choose_pins(struct search *search, const struct case_run *run)
{
    const struct card_secrets *secrets = run->env->secrets;
    for (size_t role = 0; secrets != NULL && role < ROLES_COUNT; role++) {
        struct bytes pin = secrets->pins[role];
        if ((run->pins_given >> role & 1) == 0 || pin.len < RESIDUE_PIN_MIN)
            continue;
        uint8_t *wide = arena_alloc(run->arena, 2 * pin.len, 1);
        for (size_t i = 0; i < pin.len; i++)
            wide[2 * i] = pin.data[i];
        search->pins[search->pin_count++] = (struct needle){.bytes = pin, .what = "PIN"};
        search->pins[search->pin_count++] =
            (struct needle){.bytes = {wide, 2 * pin.len}, .what = "PIN"};
    }
}

/* ---- looking ---- */

static uint32_t place_in_filter(const uint8_t *word)
{
    uint64_t value;
    memcpy(&value, word, sizeof value);
    return (uint32_t)(value * UINT64_C(0x9e3779b97f4a7c15) >> (64 - FILTER_BITS));
}

static void fill_filter(struct search *search)
{
    for (size_t i = 0; i < search->secret_count; i++)
        for (size_t k = 0; k + WORD <= search->secrets[i].bytes.len; k++) {
            uint32_t place = place_in_filter(search->secrets[i].bytes.data + k);
            search->filter[place / 8] |= (uint8_t)(1u << place % 8);
        }
}

static void note_hit(struct search *search, struct needle *needle, uint64_t address, size_t length)
{
    needle->found = true;
    if (search->hit_count < RESIDUE_FOUND_MAX)
        search->hits[search->hit_count++] = (struct hit){needle->what, address, length};
}

/* How much of the secret lies around the word, which is the secret's from k on. */
static void try_secret(struct search *search, struct needle *needle,
                       const struct memory_piece *piece, size_t at, size_t k)
{
    const uint8_t *hay = piece->bytes.data, *secret = needle->bytes.data;
    size_t before = 0, behind = WORD;
    while (before < k && before < at && hay[at - before - 1] == secret[k - before - 1])
        before++;
    while (k + behind < needle->bytes.len && at + behind < piece->bytes.len &&
           hay[at + behind] == secret[k + behind])
        behind++;
    if (before + behind >= RESIDUE_PART_MIN)
        note_hit(search, needle, piece->address + at - before, before + behind);
}

static void try_word(struct search *search, const struct memory_piece *piece, size_t at)
{
    for (size_t i = 0; i < search->secret_count; i++) {
        struct needle *needle = &search->secrets[i];
        for (size_t k = 0; !needle->found && k + WORD <= needle->bytes.len; k++)
            if (memcmp(piece->bytes.data + at, needle->bytes.data + k, WORD) == 0)
                try_secret(search, needle, piece, at, k);
    }
}

/* Digits among other digits are no PIN. */
static bool stands_alone(struct bytes hay, size_t at, size_t len)
{
    return (at == 0 || isalnum(hay.data[at - 1]) == 0) &&
           (at + len >= hay.len || isalnum(hay.data[at + len]) == 0);
}

static void try_pin(struct search *search, const struct memory_piece *piece, struct needle *pin)
{
    struct bytes hay = piece->bytes;
    size_t from = 0;
    while (!pin->found && from < hay.len) {
        const uint8_t *hit =
            memmem(hay.data + from, hay.len - from, pin->bytes.data, pin->bytes.len);
        if (hit == NULL)
            return;
        size_t at = (size_t)(hit - hay.data);
        if (stands_alone(hay, at, pin->bytes.len))
            note_hit(search, pin, piece->address + at, pin->bytes.len);
        from = at + 1;
    }
}

static void look_at(struct search *search, const struct memory_piece *piece)
{
    for (size_t at = 0; search->secret_count > 0 && at + WORD <= piece->bytes.len; at += WORD) {
        uint32_t place = place_in_filter(piece->bytes.data + at);
        if ((search->filter[place / 8] >> place % 8 & 1) != 0)
            try_word(search, piece, at);
    }
    for (size_t i = 0; i < search->pin_count; i++)
        try_pin(search, piece, &search->pins[i]);
}

static bool is_uniform(struct bytes bytes)
{
    return memcmp(bytes.data, bytes.data + 1, bytes.len - 1) == 0;
}

/* Pages that are zero, or filled by us, are most of it. */
static void look(void *data, const struct memory_piece *piece)
{
    size_t from = 0, at = 0, len = piece->bytes.len;
    while (at < len) {
        size_t size = len - at < PAGE ? len - at : PAGE;
        bool skipped = is_uniform((struct bytes){piece->bytes.data + at, size});
        at += size;
        if (!skipped && at < len)
            continue;
        size_t end = skipped ? at - size : at;
        if (end > from)
            look_at(data, &(struct memory_piece){{piece->bytes.data + from, end - from},
                                                 piece->address + from});
        from = at;
    }
}

static void search_memory(void *data)
{
    struct search *search = data;
    fill_filter(search);
    search->ok =
        memory_each(host_pid(search->host), search->own->rows, search->own->count, look, search);
}

/* ---- telling ---- */

static const char *mapping_name(const struct search *search, uint64_t address, struct arena *arena)
{
    const char *name = maps_name(host_pid(search->host), address, arena);
    if (strcmp(name, "[heap]") == 0)
        return "the C library's heap";
    if (strcmp(name, "[stack]") == 0)
        return "the stack";
    return *name == '\0' ? "memory of no name" : name;
}

static struct node *tell_hit(const struct search *search, const struct hit *hit,
                             struct arena *arena)
{
    uint32_t block = 0;
    const char *name = NULL;
    host_place(search->host, hit->address, &block, &name);
    if (block != 0)
        name = "block";
    else if (name == NULL)
        name = mapping_name(search, hit->address, arena);
    struct node *found = node_new_map(arena);
    node_add(found, "what", node_new_string(arena, hit->what));
    node_add(found, "where", node_new_string(arena, name));
    if (block != 0)
        node_add(found, "block", node_new_uint(arena, block));
    node_add(found, "length", node_new_uint(arena, hit->length));
    return found;
}

static void tell(struct case_run *run, const struct search *search)
{
    struct arena *arena = run->arena;
    struct node *found = node_new_list(arena);
    uint32_t step = run->step, iteration = run->iteration;
    for (size_t i = 0; i < search->hit_count; i++)
        node_append(found, tell_hit(search, &search->hits[i], arena));
    run->step = search->step;
    run->iteration = search->iteration;
    struct node *event = case_event(run, "residue");
    run->step = step;
    run->iteration = iteration;
    node_add(event, "after", node_new_string(arena, search->after));
    node_add(event, "secrets", node_new_bool(arena, search->ok && search->secret_count > 0));
    node_add(event, "pin", node_new_bool(arena, search->ok && search->pin_count > 0));
    if (!search->ok)
        node_add(event, "why",
                 node_new_string(arena, "the kernel forbids it, or the process has ended"));
    if (search->hit_count > 0)
        node_add(event, "found", found);
    case_emit(run, event);
}

/* ---- when ---- */

static bool is_reverse(struct bytes a, struct bytes b)
{
    size_t i = 0;
    while (a.len == b.len && i < a.len && a.data[i] == b.data[b.len - 1 - i])
        i++;
    return a.len == b.len && i == a.len;
}

static void note_key(struct step_call *call)
{
    struct case_run *run = call->run;
    struct bytes key = call_image_content(call->image, &call->result, "key");
    if (run->env->logs != NULL && key.len > 0)
        run->keys[run->key_count++ % KEYS_KEPT] = bytes_copy(&run->keep, key);
    for (size_t i = 0; i < run->binding_count; i++) {
        struct binding *one = run->bindings[i];
        if (!one->has_peer || key.len != one->peer.curve->field_bytes)
            continue;
        struct bytes z = freed_search_secret(run, one);
        one->told |= z.data != NULL && (bytes_equal(z, key) || is_reverse(z, key));
    }
}

static bool end_agreements(struct step_call *call, bool all)
{
    struct case_run *run = call->run;
    uint64_t index = node_get_uint(call->args, "index", UINT64_MAX);
    bool any = false;
    for (size_t i = 0; i < run->binding_count; i++) {
        struct binding *one = run->bindings[i];
        bool ends = one->has_peer && !one->ended && one->context == call->context_id &&
                    (all || one->index == index);
        one->ended |= ends;
        any |= ends;
    }
    return any;
}

static void choose(struct case_run *run, const char *after, bool pins)
{
    struct search *search = arena_new(run->arena, struct search);
    search->host = run->host;
    search->after = after;
    search->step = run->step;
    search->iteration = run->iteration;
    choose_secrets(search, run);
    if (pins)
        choose_pins(search, run);
    bool nothing = search->secret_count == 0 && search->pin_count == 0;
    if (nothing || host_own(run->host, &search->own) != HOST_RETURNED)
        return;
    run->search = search;
    run->searches++;
}

void residue_after(struct step_call *call)
{
    struct case_run *run = call->run;
    bool destroy = strcmp(call->entry, "CardDestroyDHAgreement") == 0;
    bool deletion = strcmp(call->entry, "CardDeleteContext") == 0;
    if (call->outcome.status != SCARD_S_SUCCESS || node_get(call->args, "raw") != NULL)
        return;
    if (strcmp(call->entry, "CardDeriveKey") == 0)
        note_key(call);
    if (!destroy && !deletion)
        return;
    bool any = end_agreements(call, deletion);
    if (run->parallel == NULL && (deletion || (any && run->searches + 1 < RESIDUE_SEARCHES_MAX)))
        choose(run, call->entry, deletion && process_is_empty(run));
}

void residue_search(struct case_run *run)
{
    if (run->search != NULL)
        search_memory(run->search);
    residue_tell(run);
}

void residue_search_aside(struct case_run *run)
{
    if (run->search != NULL)
        aside_start(run->env->aside, search_memory, run->search);
}

void residue_tell(struct case_run *run)
{
    struct search *search = run->search;
    aside_wait(run->env->aside);
    run->search = NULL;
    if (search != NULL)
        tell(run, search);
}
