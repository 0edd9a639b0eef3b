/* SPDX-License-Identifier: Apache-2.0 */
#include "residue.h"

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

struct search {
    struct case_run *run;
    struct needle secrets[2 * RESIDUE_SECRETS_MAX], pins[2 * ROLES_COUNT];
    size_t secret_count, pin_count;
    /* Which words a secret has somewhere: a part of WORD + RESIDUE_PART_MIN / 2 - 1 bytes holds a
     * whole word at an address that is a multiple of WORD. */
    uint8_t filter[1u << (FILTER_BITS - 3)];
    struct node *found;
};

/* ---- what to look for ---- */

static void add_secret(struct search *search, struct bytes secret, const char *what)
{
    search->secrets[search->secret_count++] = (struct needle){.bytes = secret, .what = what};
}

static struct bytes reversed(struct arena *arena, struct bytes from)
{
    uint8_t *copy = arena_alloc(arena, from.len, 1);
    for (size_t i = 0; i < from.len; i++)
        copy[i] = from.data[from.len - 1 - i];
    return (struct bytes){copy, from.len};
}

/* Two agreements with one peer have one secret. */
static bool still_needed(struct case_run *run, struct bytes z)
{
    for (size_t i = 0; i < run->binding_count; i++) {
        struct binding *one = run->bindings[i];
        if (one->has_peer && (!one->ended || one->told) &&
            (one->card_point.data == NULL || bytes_equal(freed_search_secret(run, one), z)))
            return true;
    }
    return false;
}

/* The secrets of the agreements that have ended, the last ones first. */
static void choose_secrets(struct search *search)
{
    struct case_run *run = search->run;
    for (size_t i = run->binding_count;
         i-- > 0 && search->secret_count < 2 * RESIDUE_SECRETS_MAX;) {
        struct binding *one = run->bindings[i];
        if (!one->has_peer || !one->ended || one->told)
            continue;
        struct bytes z = freed_search_secret(run, one);
        if (z.data == NULL || z.len < RESIDUE_PART_MIN || still_needed(run, z))
            continue;
        add_secret(search, z, "Z");
        add_secret(search, reversed(run->arena, z), "Z reversed");
    }
}

static bool process_is_empty(const struct case_run *run)
{
    for (size_t i = 0; i < run->context_count; i++)
        if (run->contexts[i].acquired && run->contexts[i].process == run->process)
            return false;
    return true;
}

static void choose_pins(struct search *search)
{
    struct case_run *run = search->run;
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

static const char *mapping_name(struct case_run *run, uint64_t address)
{
    const char *name = maps_name(host_pid(run->host), address, run->arena);
    if (strcmp(name, "[heap]") == 0)
        return "the C library's heap";
    if (strcmp(name, "[stack]") == 0)
        return "the stack";
    return *name == '\0' ? "memory of no name" : name;
}

static void report(struct search *search, struct needle *needle, const struct memory_piece *piece,
                   size_t at, size_t len)
{
    struct arena *arena = search->run->arena;
    uint32_t block = 0;
    const char *name = NULL;
    needle->found = true;
    if (search->found->count >= RESIDUE_FOUND_MAX)
        return;
    host_place(search->run->host, piece->address + at, &block, &name);
    if (block != 0)
        name = "block";
    else if (name == NULL)
        name = mapping_name(search->run, piece->address + at);
    struct node *hit = node_new_map(arena);
    node_add(hit, "what", node_new_string(arena, needle->what));
    node_add(hit, "where", node_new_string(arena, name));
    if (block != 0)
        node_add(hit, "block", node_new_uint(arena, block));
    node_add(hit, "length", node_new_uint(arena, len));
    node_append(search->found, hit);
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
        report(search, needle, piece, at - before, before + behind);
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
            report(search, pin, piece, at, pin->bytes.len);
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

static void search_process(struct case_run *run, const char *after, bool pins)
{
    struct search *search = arena_new(run->arena, struct search);
    const struct host_ranges *own;
    search->run = run;
    search->found = node_new_list(run->arena);
    choose_secrets(search);
    if (pins)
        choose_pins(search);
    bool nothing = search->secret_count == 0 && search->pin_count == 0;
    if (nothing || host_own(run->host, &own) != HOST_RETURNED)
        return;
    fill_filter(search);
    run->searches++;
    bool ok = memory_each(host_pid(run->host), own->rows, own->count, look, search);
    struct node *event = case_event(run, "residue");
    node_add(event, "after", node_new_string(run->arena, after));
    node_add(event, "secrets", node_new_bool(run->arena, ok && search->secret_count > 0));
    node_add(event, "pin", node_new_bool(run->arena, ok && search->pin_count > 0));
    if (!ok)
        node_add(event, "why", node_new_string(run->arena, "the kernel does not allow it"));
    if (search->found->count > 0)
        node_add(event, "found", search->found);
    case_emit(run, event);
}

/* ---- when ---- */

static void note_key(struct step_call *call)
{
    struct case_run *run = call->run;
    struct bytes key = call_image_content(call->image, &call->result, "key");
    if (run->env->logs != NULL && key.len > 0)
        run->keys[run->key_count++ % KEYS_KEPT] = bytes_copy(run->arena, key);
    for (size_t i = 0; i < run->binding_count; i++) {
        struct binding *one = run->bindings[i];
        if (!one->has_peer || key.len != one->peer.curve->field_bytes)
            continue;
        struct bytes z = freed_search_secret(run, one);
        one->told |=
            z.data != NULL && (bytes_equal(z, key) || bytes_equal(reversed(run->arena, z), key));
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
    if (run->parallel != NULL || (destroy && (!any || run->searches + 1 >= RESIDUE_SEARCHES_MAX)))
        return;
    search_process(run, call->entry, deletion && process_is_empty(run));
}
