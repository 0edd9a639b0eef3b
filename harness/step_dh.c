/* SPDX-License-Identifier: Apache-2.0 */
/* The three calls of an agreement's life: construct, derive, destroy. */
#include "step_run.h"

#include "step_parallel.h"

#include "kdf_default.h"
#include "mdcts/cardmod.h"
#include "mdcts/cng.h"
#include "mdcts/status.h"

#include <string.h>

#define INDEX_LAST 255u

const struct curve *container_curve(const struct node *row)
{
    const char *name = node_get_text(row, "curve");
    return name == NULL ? NULL : curve_by_name(name);
}

bool step_find_container(const struct case_run *run, const struct step *step, uint8_t *index,
                         const struct node **row)
{
    struct container_spec spec = step_container(step, run->env->capabilities);
    const struct node *rows = node_get(run->env->capabilities, "containers");
    uint64_t nth = spec.nth == 0 ? 1 : spec.nth;
    bool used[INDEX_LAST + 1] = {false};
    *row = NULL;
    for (const struct node *r = rows == NULL ? NULL : rows->first; r != NULL; r = r->next) {
        uint64_t at = node_get_uint(r, "index", INDEX_LAST);
        used[at & INDEX_LAST] = true;
        if (*row == NULL && container_fits(r, &spec) && --nth == 0) {
            *index = (uint8_t)at;
            *row = r;
        }
    }
    if (spec.kind == CONTAINER_INDEX)
        *index = (uint8_t)spec.index;
    if (spec.kind == CONTAINER_UNUSED)
        for (*index = 0; used[*index] && *index < INDEX_LAST; (*index)++)
            ;
    return *row != NULL || spec.kind == CONTAINER_INDEX || spec.kind == CONTAINER_UNUSED;
}

/* ---- construct ---- */

/* The capabilities tell of the first reader's card only. */
static bool card_point(const struct step_call *call, const struct node *row, struct bytes *point)
{
    return call->context->reader == 0 && node_get_hex(&call->run->keep, row, "public", point);
}

static bool make_peer(struct step_call *call, const struct peer_spec *spec,
                      const struct curve *curve, const struct node *row, struct peer_key *peer)
{
    struct case_run *run = call->run;
    struct bytes card;
    if (spec->same != NULL) {
        struct binding *same = case_binding(run, spec->same);
        if (same != NULL && same->has_peer)
            *peer = same->peer;
        else
            call->outcome.why = arena_printf(run->arena, "agreement %s was never made", spec->same);
        return same != NULL && same->has_peer;
    }
    if (spec->leading_zeros == 0) {
        peer_make(curve, run->env->seed, run->id, ++run->peer_count, peer);
        return true;
    }
    if (card_point(call, row, &card) &&
        peer_make_leading_zeros(run->env->peers, curve, run->env->seed, card, spec->leading_zeros,
                                peer))
        return true;
    call->outcome.why = "no peer key with such a secret was found for the card's key";
    return false;
}

static const char *point_kind(enum peer_point point)
{
    switch (point) {
    case POINT_OFF_CURVE: return "off-curve";
    case POINT_ZERO: return "zero";
    case POINT_OVERFLOW: return "overflow";
    case POINT_OVERFLOW_Y: return "overflow-y";
    case POINT_ALL_ONES: return "all-ones";
    case POINT_INFINITY: return "infinity";
    case POINT_VALID: break;
    }
    return NULL;
}

/* The blob a step asks for: header, point, cut or extended. */
static struct bytes peer_blob(struct step_call *call, const struct peer_spec *spec,
                              const struct peer_key *peer)
{
    struct arena *arena = call->run->arena;
    const struct curve *curve = peer->curve;
    struct bytes point = peer_point(peer);
    uint8_t *bad = arena_alloc(arena, CURVE_POINT_BYTES_MAX, 1);
    const char *kind = point_kind(spec->point);
    if (kind != NULL && curve_bad_point(curve, kind, point, bad))
        point.data = bad;
    struct bytes blob =
        curve_blob(arena, spec->has_magic ? spec->magic : curve->ecdh_magic,
                   spec->has_cb_key ? spec->cb_key : (uint32_t)curve->field_bytes, point);
    if (!spec->has_length)
        return blob;
    uint8_t *sized = arena_alloc(arena, spec->length, 1);
    memcpy(sized, blob.data, blob.len < spec->length ? blob.len : spec->length);
    return (struct bytes){sized, spec->length};
}

static void record_construct(struct step_call *call, uint8_t container, const struct curve *curve,
                             struct bytes blob, const struct peer_key *peer)
{
    struct arena *arena = call->run->arena;
    const char *as = step_binds(call->step);
    node_add(call->args, "container", node_new_uint(arena, container));
    node_add(call->args, "curve", node_new_string(arena, curve->name));
    node_add(call->args, "flags", node_new_uint(arena, step_flags(call->step)));
    node_add(call->args, "blob", node_new_hex(arena, blob));
    node_add(call->args, "length", node_new_uint(arena, blob.len));
    node_add(call->args, "peer_private", node_new_hex(arena, peer_scalar(peer)));
    if (as != NULL)
        node_add(call->args, "as", node_new_string(arena, as));
}

static void bind_agreement(struct step_call *call, const struct peer_key *peer,
                           const struct node *row)
{
    const char *as = step_binds(call->step);
    const struct node *index = node_get(call->outcome.out, "bSecretAgreementIndex");
    uint64_t value;
    if (as == NULL || !call->outcome.ran || call->outcome.status != SCARD_S_SUCCESS ||
        !node_to_uint(index, &value))
        return;
    struct binding *binding = case_bind(call->run, as);
    if (binding == NULL)
        return;
    binding->context = call->context_id;
    binding->index = (uint8_t)value;
    binding->peer = *peer;
    binding->has_peer = true;
    if (!card_point(call, row, &binding->card_point))
        binding->card_point = (struct bytes){NULL, 0};
}

/* What is known of an agreement before it is made. */
struct peer_of {
    struct peer_key peer;
    const struct node *row;
};

static bool prepare_construct(struct step_call *call)
{
    struct case_run *run = call->run;
    struct peer_spec spec = step_peer(call->step);
    struct peer_of *of = arena_new(run->arena, struct peer_of);
    uint8_t container = 0;
    if (!step_find_container(run, call->step, &container, &of->row)) {
        call->outcome.why = "the card has no such container";
        return false;
    }
    const struct curve *curve =
        spec.curve != NULL ? curve_by_name(spec.curve) : container_curve(of->row);
    if (curve == NULL)
        curve = curve_at(0); /* a container without an elliptic curve: any blob will do */
    if (!make_peer(call, &spec, curve, of->row, &of->peer) ||
        !step_call_begin(call, "CardConstructDHAgreement"))
        return false;
    struct bytes blob = peer_blob(call, &spec, &of->peer);
    call_image_set_number(call->image, "bContainerIndex", container);
    call_image_set_number(call->image, "dwVersion",
                          step_arg_uint(call->step, "version", CARD_DH_AGREEMENT_INFO_VERSION));
    call_image_set_number(call->image, "dwFlags", step_flags(call->step));
    call_image_set_input(call->image, "pbPublicKey", blob);
    record_construct(call, container, curve, blob, &of->peer);
    call->kept = of;
    return true;
}

static void conclude_construct(struct step_call *call)
{
    const struct peer_of *of = call->kept;
    bind_agreement(call, &of->peer, of->row);
    step_call_finish(call);
}

const struct step_parts construct_parts = {prepare_construct, conclude_construct};

/* ---- agreements by name or number ---- */

static bool index_in_use(const struct case_run *run, uint32_t index)
{
    for (size_t i = 0; i < run->binding_count; i++)
        if (run->bindings[i]->has_peer && run->bindings[i]->index == index)
            return true;
    return false;
}

static const struct binding *foreign_agreement(const struct case_run *run, uint32_t context)
{
    for (size_t i = 0; i < run->binding_count; i++)
        if (run->bindings[i]->has_peer && run->bindings[i]->context != context)
            return run->bindings[i];
    return NULL;
}

bool step_resolve_agreement(struct case_run *run, const struct agreement_ref *ref, uint32_t context,
                            uint8_t *index, const char **why)
{
    const struct binding *binding = NULL;
    switch (ref->kind) {
    case AGREEMENT_INDEX: *index = (uint8_t)ref->index; return true;
    case AGREEMENT_UNUSED:
        for (*index = INDEX_LAST; index_in_use(run, *index) && *index > 0; (*index)--)
            ;
        return true;
    case AGREEMENT_NAMED:
        binding = case_binding(run, ref->name);
        if (binding == NULL)
            *why = arena_printf(run->arena, "agreement %s was never made", ref->name);
        break;
    case AGREEMENT_FOREIGN:
        binding = foreign_agreement(run, context);
        if (binding == NULL)
            *why = "no other context has an agreement";
        break;
    }
    if (binding != NULL)
        *index = binding->index;
    return binding != NULL;
}

static bool find_agreement(struct step_call *call, uint8_t *index)
{
    struct agreement_ref ref;
    *index = 0;
    if (step_agreement(call->step, &ref) && ref.kind == AGREEMENT_NAMED &&
        parallel_makes(call, ref.name))
        return true;
    return !step_agreement(call->step, &ref) ||
           step_resolve_agreement(call->run, &ref, call->context_id, index, &call->outcome.why);
}

/* The index that the agreement was given in the meantime. */
static void record_late(struct step_call *call)
{
    const struct binding *binding = case_binding(call->run, call->beside.agreement);
    if (binding != NULL)
        node_add(call->args, "index", node_new_uint(call->run->arena, binding->index));
}

static void record_agreement(struct step_call *call, uint8_t index)
{
    struct agreement_ref ref;
    struct arena *arena = call->run->arena;
    if (call->beside.agreement != NULL)
        call->beside.late = record_late;
    else
        node_add(call->args, "index", node_new_uint(arena, index));
    if (step_agreement(call->step, &ref) && ref.kind == AGREEMENT_NAMED)
        node_add(call->args, "agreement", node_new_string(arena, ref.name));
}

/* ---- derive ---- */

/* What a derive step sends, before it becomes memory; lives in the arena, as the call's image does.
 */
struct derivation {
    uint8_t index;
    const char *kdf; /* NULL: pwszKDF is NULL */
    uint32_t flags, version;
    struct parameter_list parameters;
};

static struct node *parameters_node(struct arena *arena, const struct parameter_list *list)
{
    if (list->kind == PARAMETERS_UNSAID || list->kind == PARAMETERS_NULL)
        return node_new_null(arena);
    if (list->kind == PARAMETERS_EMPTY)
        return node_new_string(arena, "empty");
    struct node *items = node_new_list(arena);
    for (size_t i = 0; i < list->count; i++) {
        const struct parameter *p = &list->items[i];
        struct node *item = node_append(items, node_new_map(arena));
        node_add(item, "type", node_new_uint(arena, p->type));
        node_add(item, "name", node_new_string(arena, p->type_name));
        node_add(item, "cb", node_new_uint(arena, p->cb));
        if (p->handle != NULL)
            node_add(item, "handle", node_new_string(arena, p->handle));
        else if (p->null)
            node_add(item, "value", node_new_null(arena));
        else
            node_add(item, "value", node_new_hex(arena, p->value));
    }
    return items;
}

static struct node *output_node(struct arena *arena, bool has_buffer, size_t size)
{
    struct node *map = node_new_map(arena);
    node_add(map, "kind", has_buffer ? node_new_string(arena, "buffer") : node_new_null(arena));
    node_add(map, "size", node_new_uint(arena, size));
    return map;
}

static bool begin_derive(struct step_call *call, const struct derivation *d)
{
    struct arena *arena = call->run->arena;
    if (!step_call_begin(call, "CardDeriveKey"))
        return false;
    if (d->kdf != NULL)
        call_image_set_text(call->image, "pwszKDF", d->kdf);
    call_image_set_number(call->image, "dwVersion", d->version);
    call_image_set_number(call->image, "dwFlags", d->flags);
    call_image_set_number(call->image, "bSecretAgreementIndex", d->index);
    call_image_set_parameters(call->image, &d->parameters);
    const char *algorithm = step_algorithm(call->step);
    if (algorithm != NULL && call_image_set_text(call->image, "pwszAlgId", algorithm))
        node_add(call->args, "algorithm", node_new_string(arena, algorithm));
    call_image_set_number(call->image, "dwKeyLen", step_arg_uint(call->step, "key_length", 0));
    if (d->version == CARD_DERIVE_KEY_VERSION)
        call_image_cut_struct(call->image, MDCTS_CARD_DERIVE_KEY_SIZE_1,
                              step_arg_bool(call->step, "guard", false));
    record_agreement(call, d->index);
    node_add(call->args, "kdf",
             d->kdf == NULL ? node_new_null(arena) : node_new_string(arena, d->kdf));
    node_add(call->args, "flags", node_new_uint(arena, d->flags));
    node_add(call->args, "version", node_new_uint(arena, d->version));
    node_add(call->args, "parameters", parameters_node(arena, &d->parameters));
    return true;
}

static bool begin_query(struct step_call *call, const struct derivation *d)
{
    struct derivation *sized = arena_new(call->run->arena, struct derivation);
    *sized = *d;
    sized->flags |= CARD_BUFFER_SIZE_ONLY;
    if (!begin_derive(call, sized))
        return false;
    node_add(call->args, "output", output_node(call->run->arena, false, 0));
    call->plain = true;
    return true;
}

static size_t size_told(const struct step_call *query)
{
    uint64_t value = 0;
    (void)node_to_uint(node_get(query->outcome.out, "cbDerivedKey"), &value);
    return (size_t)value;
}

/* The size query that a caller makes before it passes a buffer of its own. */
static bool query_size(struct step_call *call, const struct derivation *d, size_t *size)
{
    if (!begin_query(call, d))
        return false;
    step_call_do(call);
    if (!call->outcome.ran || call->outcome.status != SCARD_S_SUCCESS)
        return false;
    *size = size_told(call);
    call->outcome = (struct step_result){0};
    call->sub++;
    return true;
}

/* Whether the call gets a buffer of the caller's; of the size that the step says, or of the one
 * that a query tells. */
static bool wants_buffer(const struct step_call *call, const struct derivation *d, bool *asks)
{
    struct output_spec spec = step_output(call->step);
    const char *dialect = node_get_text(call->run->env->capabilities, "output");
    bool caller = dialect != NULL && strcmp(dialect, "caller") == 0;
    *asks = spec.kind == OUTPUT_DIALECT || spec.exact;
    return spec.kind == OUTPUT_BUFFER ||
           (spec.kind == OUTPUT_DIALECT && caller && (d->flags & CARD_BUFFER_SIZE_ONLY) == 0 &&
            (d->flags & CARD_RETURN_KEY_HANDLE) == 0);
}

static void set_buffer(struct step_call *call, size_t size)
{
    call_image_set_buffer(call->image, "pbDerivedKey", size);
    call_image_set_number(call->image, "cbDerivedKey", size);
}

/* Where the call gets a buffer, and how large.  False if the step ends here. */
static bool choose_output(struct step_call *call, const struct derivation *d, bool *has_buffer,
                          size_t *size)
{
    struct output_spec spec = step_output(call->step);
    bool asks;
    *size = 0;
    *has_buffer = wants_buffer(call, d, &asks);
    if (!*has_buffer)
        return true;
    *size = (size_t)spec.size;
    if (asks && !query_size(call, d, size))
        return false;
    int64_t wanted = (int64_t)*size + spec.plus;
    *size = wanted < 0 || wanted > (int64_t)VALUE_BYTES_MAX ? 0 : (size_t)wanted;
    return true;
}

static void bind_key(struct step_call *call)
{
    const char *as = step_binds(call->step);
    struct binding *binding;
    if (as == NULL || !call->outcome.ran || call->outcome.status != SCARD_S_SUCCESS ||
        (binding = case_bind(call->run, as)) == NULL)
        return;
    node_to_uint(node_get(call->outcome.out, "hKey"), &binding->key_handle);
}

static void derive_plan(struct step_call *call, struct derivation *d)
{
    struct kdf_spec kdf = step_kdf(call->step);
    struct arena *arena = call->run->arena;
    d->flags = step_flags(call->step);
    d->version = (uint32_t)step_arg_uint(call->step, "version", CARD_DERIVE_KEY_VERSION);
    d->parameters = step_parameters(arena, call->step);
    d->kdf = kdf.kind == KDF_NULL ? NULL : kdf.name;
    if (kdf.kind == KDF_ANY)
        d->kdf = kdf_default(arena, call->run->env->capabilities, &d->parameters);
}

/* With whether its size is the one that the size query told. */
static void add_output(struct step_call *call, bool has_buffer, size_t size)
{
    struct arena *arena = call->run->arena;
    struct node *output = node_add(call->args, "output", output_node(arena, has_buffer, size));
    if (has_buffer && step_output(call->step).plus == 0 && call->sub > 0)
        node_add(output, "as_told", node_new_bool(arena, true));
}

/* A buffer's room where its size is told only while the call waits for its turn. */
#define LATE_BUFFER_BYTES 4096

static void record_late_size(struct step_call *call)
{
    if (call->beside.agreement != NULL)
        record_late(call);
    add_output(call, true, size_told(call->beside.query));
}

/* Beside others nothing can be asked first: the query is a call of the script. */
static bool prepare_query(struct step_call *call, const struct derivation *d)
{
    struct step_call *query = arena_new(call->run->arena, struct step_call);
    *query = *call;
    call->beside.query = query;
    if (!begin_query(query, d) || !begin_derive(call, d))
        return false;
    call->sub = 1;
    call->beside.late = record_late_size;
    set_buffer(call, LATE_BUFFER_BYTES);
    return true;
}

/* What a derivation keeps is whether it got a buffer. */
static const char with_buffer[] = "buffer";

static bool prepare_derive(struct step_call *call)
{
    struct derivation *d = arena_new(call->run->arena, struct derivation);
    bool has_buffer, asks;
    size_t size;
    if (!find_agreement(call, &d->index))
        return false;
    derive_plan(call, d);
    if (call->run->parallel != NULL && wants_buffer(call, d, &asks) && asks) {
        call->kept = (void *)(uintptr_t)with_buffer;
        return prepare_query(call, d);
    }
    if (!choose_output(call, d, &has_buffer, &size) || !begin_derive(call, d))
        return false;
    if (has_buffer)
        set_buffer(call, size);
    call->kept = has_buffer ? (void *)(uintptr_t)with_buffer : NULL;
    add_output(call, has_buffer, size);
    return true;
}

static void conclude_derive(struct step_call *call)
{
    if (call->outcome.ran && call->kept != NULL)
        node_add(
            call->outcome.out, "filled",
            node_new_bool(call->run->arena, call_image_buffer_filled(call->image, &call->result)));
    bind_key(call);
    step_call_finish(call);
}

const struct step_parts derive_parts = {prepare_derive, conclude_derive};

/* ---- destroy ---- */

static bool prepare_destroy(struct step_call *call)
{
    uint8_t index;
    if (!find_agreement(call, &index) || !step_call_begin(call, "CardDestroyDHAgreement"))
        return false;
    call_image_set_number(call->image, "bSecretAgreementIndex", index);
    call_image_set_number(call->image, "dwFlags", step_flags(call->step));
    record_agreement(call, index);
    node_add(call->args, "flags", node_new_uint(call->run->arena, step_flags(call->step)));
    return true;
}

const struct step_parts destroy_parts = {prepare_destroy, step_call_finish};
