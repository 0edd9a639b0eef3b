/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a context: acquire, authenticate, deauthenticate, delete. */
#include "step_run.h"

#include "mdcts/cardmod.h"
#include "mdcts/status.h"
#include "step_role.h"

#include <stdlib.h>
#include <string.h>

#define VERSION_LATEST CARD_DATA_VERSION_SEVEN
#define GUARD_ARGUMENT "guard"

/* ---- acquire ---- */

/* Arguments of the call itself are raw members too; all others address CARD_DATA. */
static bool is_call_argument(const char *name)
{
    return strcmp(name, "pCardData") == 0 || strcmp(name, "dwFlags") == 0;
}

/* Functions are named: `other` works as ours do but is another one, `bad` is no function at all. */
static bool function_value(const struct value_layout *member, const char *text,
                           struct host_value *out)
{
    static const struct {
        const char *member;
        enum host_callback callback;
    } rows[] = {
        {"pfnCspAlloc", CALLBACK_CSP_ALLOC},
        {"pfnCspReAlloc", CALLBACK_CSP_REALLOC},
        {"pfnCspFree", CALLBACK_CSP_FREE},
        {"pfnCspCacheAddFile", CALLBACK_CSP_CACHE_ADD_FILE},
        {"pfnCspCacheLookupFile", CALLBACK_CSP_CACHE_LOOKUP_FILE},
        {"pfnCspCacheDeleteFile", CALLBACK_CSP_CACHE_DELETE_FILE},
        {"pfnCspPadData", CALLBACK_CSP_PAD_DATA},
        {"pfnCspUnpadData", CALLBACK_CSP_UNPAD_DATA},
        {"pfnCspGetDHAgreement", CALLBACK_CSP_GET_DH_AGREEMENT},
    };
    bool usual = strcmp(text, "usual") == 0, other = strcmp(text, "other") == 0;
    *out = (struct host_value){.kind = VALUE_BAD};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].member, member->name) == 0)
            *out = (struct host_value){.kind = usual || other ? VALUE_CALLBACK : VALUE_BAD,
                                       .index = rows[i].callback,
                                       .number = other ? VARIANT_OTHER : VARIANT_NORMAL};
    return strncmp(member->name, "pfn", 3) == 0 &&
           (strcmp(text, "bad") == 0 || ((usual || other) && out->kind == VALUE_CALLBACK));
}

struct acquire_plan {
    struct host_context context;
    struct host_member members[HOST_MEMBERS_MAX];
    struct bytes bytes[HOST_MEMBERS_MAX];
};

static bool plan_member(struct step_call *call, struct acquire_plan *plan, const struct node *item)
{
    struct raw_value value;
    const struct value_layout *member = card_data_member(item->key);
    struct arena *arena = call->run->arena;
    if (member == NULL || plan->context.member_count == HOST_MEMBERS_MAX ||
        !raw_value_read(arena, item, &value)) {
        call->outcome.why = arena_printf(arena, "CARD_DATA has no member %s", item->key);
        return false;
    }
    struct host_value to = {.kind = VALUE_NUMBER, .number = value.integer};
    struct bytes content = value.bytes;
    if (value.kind == RAW_NULL)
        to.number = 0;
    bool function = value.kind == RAW_TEXT && function_value(member, value.text, &to);
    if (value.kind == RAW_TEXT && !bytes_from_utf8_as_utf16(arena, value.text, &content))
        content = (struct bytes){NULL, 0};
    if (!function && (value.kind == RAW_TEXT || value.kind == RAW_BYTES)) {
        to = (struct host_value){.kind = VALUE_OBJECT, .index = (uint32_t)plan->context.byte_count};
        plan->bytes[plan->context.byte_count++] = content;
    }
    plan->members[plan->context.member_count++] =
        (struct host_member){member->offset, (uint8_t)member->size, to};
    return true;
}

static bool plan_acquire(struct step_call *call, struct acquire_plan *plan)
{
    const struct step *step = call->step;
    uint32_t version = (uint32_t)step_arg_uint(step, "version", VERSION_LATEST);
    plan->context = (struct host_context){
        .version = version,
        .card_name = call->run->env->card_name,
        .members = plan->members,
        .bytes = plan->bytes,
        .visible = (uint32_t)card_data_size(version),
        .no_card = step_arg_bool(step, "no_connect", false),
        .reader = call->context->reader,
    };
    if (step_arg_bool(step, GUARD_ARGUMENT, false))
        plan->context.size = plan->context.visible;
    for (const struct node *item = step->raw == NULL ? NULL : step->raw->first; item != NULL;
         item = item->next)
        if (!is_call_argument(item->key) && !plan_member(call, plan, item))
            return false;
    call->context->version = version;
    return true;
}

/* Addresses differ from run to run; what they have in common with others' doesn't. */
static void note_vendor(struct step_call *call, struct node *out)
{
    struct case_run *run = call->run;
    struct bytes data = call->result.card_data;
    uint64_t vendor = 0;
    bool shared = false;
    if (data.len < offsetof(CARD_DATA, pvVendorSpecific) + sizeof vendor)
        return;
    memcpy(&vendor, data.data + offsetof(CARD_DATA, pvVendorSpecific), sizeof vendor);
    for (size_t i = 0; i < run->context_count; i++)
        shared |=
            i != call->context_id && run->contexts[i].acquired && run->contexts[i].vendor == vendor;
    call->context->vendor = vendor;
    node_add(out, "pvVendorSpecific",
             vendor == 0 ? node_new_null(run->arena)
                         : node_new_string(run->arena, shared ? "shared" : "own"));
}

/* dwVersion, and for each member that the driver sets whether it is set. */
static struct node *acquire_outputs(struct step_call *call)
{
    struct arena *arena = call->run->arena;
    struct bytes data = call->result.card_data;
    struct node *out = node_new_map(arena);
    struct node *members = node_new_map(arena);
    CARD_DATA card_data = {0};
    memcpy(&card_data, data.data, data.len < sizeof card_data ? data.len : sizeof card_data);
    size_t size = card_data_size(card_data.dwVersion), count;
    const struct value_layout *layout = card_data_members(&count);
    node_add(out, "dwVersion", node_new_uint(arena, card_data.dwVersion));
    for (size_t i = 0; i < count; i++) {
        uint64_t pointer = 0;
        if (card_data_owner(&layout[i]) != OWNER_DRIVER || layout[i].offset + 8u > size ||
            layout[i].offset + 8u > data.len || strncmp(layout[i].name, "pfn", 3) != 0)
            continue;
        memcpy(&pointer, data.data + layout[i].offset, sizeof pointer);
        node_add(members, layout[i].name, node_new_string(arena, pointer == 0 ? "null" : "set"));
    }
    node_add(out, "members", members);
    note_vendor(call, out);
    call->context->version = card_data.dwVersion;
    return out;
}

/* The raw members of CARD_DATA are in the structure already; only arguments go to the call. */
static void set_acquire_arguments(struct step_call *call)
{
    call_image_set_number(call->image, "dwFlags", step_flags(call->step));
    const struct node *raw = call->step->raw;
    for (const struct node *item = raw == NULL ? NULL : raw->first; item != NULL;
         item = item->next) {
        struct raw_value value;
        if (is_call_argument(item->key) && raw_value_read(call->run->arena, item, &value))
            call_image_set_raw(call->image, item->key, &value);
    }
}

/* The case's process is connected to further readers when a context wants them. */
static bool choose_reader(struct step_call *call)
{
    uint32_t reader = (uint32_t)step_arg_uint(call->step, "reader", 1) - 1;
    call->context->reader = reader;
    if (reader == 0 || case_connect(call->run, reader))
        return true;
    call->outcome.why = arena_printf(call->run->arena, "there is no reader %u", reader + 1);
    return false;
}

static bool prepare_acquire(struct step_call *call)
{
    struct arena *arena = call->run->arena;
    struct acquire_plan *plan = arena_new(arena, struct acquire_plan);
    if (!choose_reader(call) || !plan_acquire(call, plan))
        return false;
    if (host_context_new(call->run->host, call->context_id, &plan->context) != HOST_RETURNED) {
        call->outcome.why = "no driver is loaded";
        return false;
    }
    call->context->made = true;
    if (!step_call_begin(call, "CardAcquireContext"))
        return false;
    set_acquire_arguments(call);
    node_add(call->args, "version", node_new_uint(arena, plan->context.version));
    node_add(call->args, "flags", node_new_uint(arena, step_flags(call->step)));
    if (call->context->reader != 0)
        node_add(call->args, "reader", node_new_uint(arena, call->context->reader + 1));
    if (call->raw != NULL)
        node_add(call->args, "raw", node_copy(arena, call->raw));
    call->raw = NULL; /* it is in the structure */
    return true;
}

static void conclude_acquire(struct step_call *call)
{
    if (call->outcome.ran && call->outcome.status == SCARD_S_SUCCESS) {
        call->outcome.out = acquire_outputs(call);
        call->context->acquired = true;
    }
    step_call_finish(call);
}

const struct step_parts acquire_parts = {prepare_acquire, conclude_acquire};

/* ---- members between calls ---- */

void play_set_card_data(struct step_call *call)
{
    struct case_run *run = call->run;
    struct acquire_plan *plan = arena_new(run->arena, struct acquire_plan);
    plan->context = (struct host_context){.members = plan->members, .bytes = plan->bytes};
    const struct node *raw = call->step->raw;
    for (const struct node *item = raw == NULL ? NULL : raw->first; item != NULL; item = item->next)
        if (!plan_member(call, plan, item))
            return;
    if (plan->context.byte_count > 0)
        call->outcome.why = "set_card_data sets numbers, null and functions only";
    else if (!call->context->made || host_context_set(run->host, call->context_id, plan->members,
                                                      plan->context.member_count) != HOST_RETURNED)
        call->outcome.why = "there is no such CARD_DATA";
    call->outcome.ran = call->outcome.why == NULL;
}

/* ---- delete ---- */

static bool prepare_delete_context(struct step_call *call)
{
    return step_call_begin(call, "CardDeleteContext");
}

static void conclude_delete_context(struct step_call *call)
{
    if (call->outcome.ran)
        note_vendor(call, call->outcome.out);
    bool of_nothing = node_get(call->step->raw, "pCardData") != NULL;
    if (call->outcome.ran && call->outcome.status == SCARD_S_SUCCESS && !of_nothing)
        call->context->acquired = false;
    step_call_finish(call);
}

const struct step_parts delete_context_parts = {prepare_delete_context, conclude_delete_context};

void step_delete_context(struct case_run *run, uint32_t context)
{
    static const struct step step = {.op = STEP_DELETE_CONTEXT, .repeat = 1, .transaction = false};
    struct step_call call = {
        .run = run, .step = &step, .context = &run->contexts[context], .context_id = context};
    if (prepare_delete_context(&call)) {
        step_call_make(&call);
        conclude_delete_context(&call);
    }
    run->contexts[context].acquired = false;
    if (!call.outcome.ran && call.outcome.why != NULL)
        step_not_run(run, call.outcome.why);
}

/* ---- authentication ---- */

/* The step among those of its case; one of no planned case's, as in probing, stands alone. */
struct place {
    const struct step *steps;
    size_t count, at;
};

static struct place place_of(const struct step_call *call)
{
    const struct case_run *run = call->run;
    if (run->steps == NULL)
        return (struct place){call->step, 1, 0};
    return (struct place){run->steps, run->step_count, run->step - 1};
}

static uint32_t role_of(const struct step_call *call)
{
    struct place place = place_of(call);
    return step_role(place.steps, place.count, place.at, call->run->env->capabilities);
}

/* Whether the PIN is the one of the key that the case agrees with. */
static bool opens_key(const struct step_call *call, uint32_t role)
{
    struct place place = place_of(call);
    return role ==
           step_agreement_role(place.steps, place.count, place.at, call->run->env->capabilities);
}

static const char *user_name(uint32_t role)
{
    return role == ROLE_ADMIN ? "admin" : role == ROLE_USER ? "user" : "anonymous";
}

/* A PIN of the right length that is not the right one. */
static struct bytes wrong_pin(struct arena *arena, struct bytes right)
{
    struct bytes wrong = bytes_copy(arena, right);
    uint8_t *digits = arena_alloc(arena, right.len + 1, 1);
    for (size_t i = 0; i < right.len; i++)
        digits[i] = right.data[i] == '9' ? '8' : '9';
    wrong.data = digits;
    return wrong;
}

/* Sets the PIN argument.  False if none is known for the role. */
static bool set_pin(struct step_call *call, const char *pointer, uint32_t role)
{
    const char *which = step_arg_text(call->step, "pin", "profile");
    if (node_is_null(step_arg(call->step, "pin")))
        return call_image_set_null(call->image, pointer);
    const struct card_secrets *secrets = call->run->env->secrets;
    struct bytes pin = {NULL, 0};
    if (secrets != NULL)
        pin = secrets->pins[role < ROLES_COUNT ? role : ROLE_USER];
    if (pin.data == NULL && secrets != NULL && role >= ROLES_COUNT)
        pin = secrets->pins[ROLE_USER];
    if (pin.data == NULL) {
        call->outcome.why = arena_printf(call->run->arena, "no PIN is known for role %u", role);
        return false;
    }
    bool wrong = strcmp(which, "wrong") == 0;
    if (secrets->refused && !(wrong && secrets->ours)) {
        call->outcome.why = "the card refused this PIN before; it is not sent again";
        return false;
    }
    if (wrong)
        pin = wrong_pin(call->run->arena, pin);
    else if (role < ROLES_COUNT)
        call->run->pins_given |= 1u << role;
    return call_image_set_secret(call->image, pointer, pin);
}

/* Whether the step sends the profile's PIN for the first time. */
static bool is_first_use(const struct step_call *call, uint32_t role)
{
    const struct card_secrets *secrets = call->run->env->secrets;
    return secrets != NULL && role < ROLES_COUNT && !secrets->proven[role] &&
           !node_is_null(step_arg(call->step, "pin")) &&
           strcmp(step_arg_text(call->step, "pin", "profile"), "profile") == 0;
}

/* False: the PIN must not be sent. */
static bool tell_first_use(const struct card_secrets *secrets, uint32_t role, bool accepted)
{
    return secrets->first_use == NULL ||
           secrets->first_use(secrets->first_use_data, role, accepted);
}

/* One try with a PIN nobody has proven is all that a card's owner can be asked to risk.  A call
 * that did not return may have spent it. */
static void note_first_use(struct step_call *call, uint32_t role)
{
    struct card_secrets *secrets = call->run->env->secrets;
    uint32_t status = call->outcome.status;
    bool returned = call->outcome.ran, accepted = returned && status == SCARD_S_SUCCESS;
    if (accepted && !call->run->pin_refused) {
        secrets->proven[role] = true;
        tell_first_use(secrets, role, true);
    } else if (!returned || status == SCARD_W_WRONG_CHV || status == SCARD_W_CHV_BLOCKED ||
               call->run->pin_refused) {
        secrets->refused = true;
        secrets->refused_role = role;
    }
}

/* What the name stands for is that it worked, for steps that depend on it. */
static void bind_success(struct step_call *call)
{
    const char *as = step_binds(call->step);
    if (as != NULL && call->outcome.ran && call->outcome.status == SCARD_S_SUCCESS)
        (void)case_bind(call->run, as);
}

void play_authenticate(struct step_call *call)
{
    uint32_t role = role_of(call);
    const char *entry = step_arg_text(call->step, "entry", NULL);
    if (entry == NULL)
        entry = call->context->version >= CARD_DATA_VERSION_SIX ? "CardAuthenticateEx"
                                                                : "CardAuthenticatePin";
    bool extended = strcmp(entry, "CardAuthenticateEx") == 0;
    if (!step_call_begin(call, entry))
        return;
    if (extended)
        call_image_set_number(call->image, "PinId", role);
    else
        call_image_set_text(call->image, "pwszUserId", user_name(role));
    if (!set_pin(call, extended ? "pbPinData" : "pbPin", role))
        return;
    node_add(call->args, "role", node_new_uint(call->run->arena, role));
    node_add(call->args, "opens", node_new_bool(call->run->arena, opens_key(call, role)));
    const char *pin = node_is_null(step_arg(call->step, "pin"))
                          ? "null"
                          : step_arg_text(call->step, "pin", "profile");
    node_add(call->args, "pin", node_new_string(call->run->arena, pin));
    call->run->pin_refused = false;
    bool first = is_first_use(call, role);
    if (first && !tell_first_use(call->run->env->secrets, role, false)) {
        call->run->env->secrets->refused = true;
        call->run->env->secrets->refused_role = role;
        call->outcome.why = "another run is sending this PIN to the card";
        return;
    }
    step_call_do(call);
    if (first)
        note_first_use(call, role);
    bind_success(call);
}

void play_deauthenticate(struct step_call *call)
{
    uint32_t role = role_of(call);
    bool extended = call->context->version >= CARD_DATA_VERSION_SIX;
    if (!step_call_begin(call, extended ? "CardDeauthenticateEx" : "CardDeauthenticate"))
        return;
    if (extended)
        call_image_set_number(call->image, "PinId", CREATE_PIN_SET(role));
    else
        call_image_set_text(call->image, "pwszUserId", user_name(role));
    node_add(call->args, "role", node_new_uint(call->run->arena, role));
    step_call_do(call);
    bind_success(call);
}
