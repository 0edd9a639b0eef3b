/* SPDX-License-Identifier: Apache-2.0 */
#include "judge_key.h"

#include "mdcts/cng.h"
#include "mdcts/status.h"
#include "oracle_second.h"

#include <inttypes.h>
#include <string.h>

#define KEY_TEXT_BYTES 16

const char *key_text(struct arena *keep, struct bytes key)
{
    struct bytes head = {key.data, key.len < KEY_TEXT_BYTES ? key.len : KEY_TEXT_BYTES};
    return arena_printf(keep, "%s%s (%zu bytes)", bytes_to_hex(keep, head),
                        head.len < key.len ? "..." : "", key.len);
}

bool key_of_call(struct arena *keep, const struct call_record *call, struct bytes *key,
                 bool *masked)
{
    const char *text = node_get_text(call->out, "key");
    *masked = text != NULL && strchr(text, '*') != NULL;
    *key = (struct bytes){.len = 0};
    return text != NULL && !*masked && bytes_from_hex(keep, text, key);
}

/* ---- the card's public key ---- */

static const struct node *declared_container(const struct node *capabilities, uint64_t index)
{
    const struct node *list = node_get(capabilities, "containers");
    for (const struct node *one = list == NULL ? NULL : list->first; one != NULL; one = one->next)
        if (node_get_uint(one, "index", UINT64_MAX) == index)
            return one;
    return NULL;
}

static bool declared_key(const struct key_judge *judge, struct arena *keep, uint64_t index,
                         const struct curve **curve, struct bytes *point)
{
    const struct node *one = declared_container(judge->capabilities, index);
    const char *name = node_get_text(one, "curve");
    *curve = name == NULL ? NULL : curve_by_name(name);
    return *curve != NULL && node_get_hex(keep, one, "public", point);
}

static bool read_container(const struct call_record *call, uint64_t *index)
{
    return node_to_uint(node_get(call->args, "bContainerIndex"), index) ||
           node_to_uint(node_get(call->args, "container"), index);
}

/* The 1-based reader of a context. */
static uint64_t reader_of(const struct case_record *record, const char *context)
{
    uint64_t reader = 1;
    for (size_t i = 0; i < record->call_count; i++)
        if (strcmp(record->calls[i]->entry, "CardAcquireContext") == 0 &&
            same_context(record->calls[i]->context, context))
            reader = node_get_uint(record->calls[i]->args, "reader", 1);
    return reader;
}

/* The key that the latest CardGetContainerInfo told of the card in that reader. */
static bool told_key(struct case_record *record, uint64_t index, uint64_t reader,
                     const struct curve **curve, struct bytes *point)
{
    bool found = false;
    for (size_t i = 0; i < record->call_count; i++) {
        const struct call_record *call = record->calls[i];
        uint64_t its_index;
        struct bytes blob;
        if (strcmp(call->entry, "CardGetContainerInfo") != 0 || !call->returned ||
            call->status != SCARD_S_SUCCESS || !read_container(call, &its_index) ||
            its_index != index || reader_of(record, call->context) != reader)
            continue;
        if ((node_get_hex(&record->arena, call->out, "key_ex", &blob) && blob.len > 0) ||
            node_get_hex(&record->arena, call->out, "sig", &blob))
            found = curve_blob_read(blob, curve, point) || found;
    }
    return found;
}

static bool makes_keys(const struct case_record *record)
{
    for (size_t i = 0; i < record->call_count; i++)
        if (strncmp(record->calls[i]->entry, "CardCreateContainer", 19) == 0)
            return true;
    return false;
}

/* The capabilities tell of the first reader's card only. */
static bool card_key(const struct key_judge *judge, struct case_record *record,
                     const struct call_record *agreed, const struct curve **curve,
                     struct bytes *point)
{
    uint64_t index = UINT64_MAX, reader = reader_of(record, agreed->context);
    read_container(agreed, &index);
    if ((reader != 1 || makes_keys(record)) && told_key(record, index, reader, curve, point))
        return true;
    return reader == 1 && (declared_key(judge, &record->arena, index, curve, point) ||
                           told_key(record, index, reader, curve, point));
}

const char *key_secret(const struct key_judge *judge, struct case_record *record,
                       const struct agreement *agreement, const struct curve **curve,
                       struct bytes *z)
{
    return key_secret_with(judge, record, agreement, agreement, curve, z);
}

const char *key_secret_with(const struct key_judge *judge, struct case_record *record,
                            const struct agreement *agreement, const struct agreement *peer,
                            const struct curve **curve, struct bytes *z)
{
    struct arena *keep = &record->arena;
    struct bytes scalar, point;
    uint64_t container;
    if (!node_get_hex(keep, peer->call->args, "peer_private", &scalar))
        return "the peer's private key is not in the trace";
    if (!read_container(agreement->call, &container))
        return "the agreement's container is not in the trace";
    if (!card_key(judge, record, agreement->call, curve, &point))
        return arena_printf(keep, "the public key of container %" PRIu64 " is not in the trace",
                            container);
    uint8_t *x = arena_alloc(keep, (*curve)->field_bytes, 1);
    if (!curve_shared_x(*curve, scalar, point, x))
        return "the peer's key and the card's do not agree on a curve";
    *z = (struct bytes){x, (*curve)->field_bytes};
    return NULL;
}

/* ---- readings ---- */

static bool read_traced_parameter(struct arena *keep, const struct node *node,
                                  struct oracle_parameter *out)
{
    uint64_t type, cb;
    if (!node_to_uint(node_get(node, "type"), &type))
        return false;
    const struct node *value = node_get(node, "value");
    out->type = (uint32_t)type;
    out->null = value == NULL || node_is_null(value);
    if (!out->null &&
        !bytes_from_hex(keep, node_text(value) == NULL ? "?" : node_text(value), &out->value))
        return false;
    out->cb = node_to_uint(node_get(node, "cb"), &cb) ? (uint32_t)cb : (uint32_t)out->value.len;
    return true;
}

/* The parameter list as it was sent. */
static bool read_traced_list(struct arena *keep, const struct node *list,
                             struct oracle_request *request)
{
    if (list == NULL || list->kind != NODE_LIST)
        return true; /* null, or "empty" */
    struct oracle_parameter *items = arena_array(keep, struct oracle_parameter, list->count);
    request->parameters = items;
    for (const struct node *one = list->first; one != NULL; one = one->next)
        if (!read_traced_parameter(keep, one, &items[request->parameter_count++]))
            return false;
    return true;
}

/* The parameter list of an override, in the case language. */
static bool read_override_list(struct arena *keep, const struct node *node,
                               struct oracle_request *request)
{
    struct parameter_list list;
    const struct node *where;
    const char *problem;
    if (!parameter_list_read(keep, node, &list, &where, &problem))
        return false;
    struct oracle_parameter *items = arena_array(keep, struct oracle_parameter, list.count);
    for (size_t i = 0; i < list.count; i++)
        items[i] = (struct oracle_parameter){.type = list.items[i].type,
                                             .cb = list.items[i].cb,
                                             .null = list.items[i].null,
                                             .value = list.items[i].value};
    request->parameters = items;
    request->parameter_count = list.count;
    return true;
}

static bool read_kdf(const struct key_reading *reading, const struct call_record *call,
                     const char **kdf)
{
    struct kdf_spec spec;
    if (reading->kdf == NULL) {
        *kdf = node_get_text(call->args, "kdf");
        if (node_is_null(node_get(call->args, "kdf")))
            *kdf = NULL;
        return true;
    }
    if (!kdf_spec_read(reading->kdf, &spec))
        return false;
    *kdf = spec.kind == KDF_NULL ? NULL : spec.name;
    return true;
}

static bool read_flags(const struct key_reading *reading, const struct call_record *call,
                       uint32_t *flags)
{
    if (reading->flags != NULL)
        return flags_read(reading->flags, flags);
    *flags = (uint32_t)node_get_uint(call->args, "flags", 0);
    return true;
}

static bool make_request(struct arena *keep, const struct call_record *call,
                         const struct key_reading *reading, struct oracle_request *out)
{
    if (!read_kdf(reading, call, &out->kdf) || !read_flags(reading, call, &out->flags))
        return false;
    return reading->parameters != NULL
               ? read_override_list(keep, reading->parameters, out)
               : read_traced_list(keep, node_get(call->args, "parameters"), out);
}

/* ---- the answer ---- */

/* A buffer of the caller's own size may get the front of the raw secret; a driver that chooses the
 * length has to give all of it. */
static bool caller_chose_length(const struct call_record *call, struct bytes key)
{
    const struct node *output = node_get(call->args, "output");
    const char *kind = node_get_text(output, "kind");
    return kind != NULL && strcmp(kind, "buffer") == 0 &&
           node_get_uint(output, "size", SIZE_MAX) == key.len &&
           !node_get_bool(output, "as_told", false);
}

struct reading_result {
    bool matched, undefined, too_long;
    const char *expected; /* what the reading wants */
    const char *why;      /* we could not tell */
};

/* The right key and more: a shorter one has many causes, and the length of CONCAT is asked for. */
static bool is_longer(const char *kdf, struct bytes right, struct bytes key)
{
    return kdf != NULL && strcmp(kdf, "SP800_56A_CONCAT") != 0 && right.len > 0 &&
           key.len > right.len && memcmp(right.data, key.data, right.len) == 0;
}

static struct reading_result try_reading(const struct key_judge *judge, struct arena *keep,
                                         const struct oracle_request *secret,
                                         const struct call_record *call,
                                         const struct key_reading *reading, struct bytes key)
{
    struct oracle_request request = *secret;
    if (!make_request(keep, call, reading, &request))
        return (struct reading_result){.why = "the derivation's parameters can't be read"};
    if (request.kdf != NULL && strcmp(request.kdf, "TRUNCATE") == 0 &&
        !caller_chose_length(call, key))
        request.key_bytes = 0;
    struct oracle_result result = oracle_derive(judge->oracle, &request, keep);
    struct reading_result out = {.matched = false};
    switch (result.outcome) {
    case ORACLE_KEY:
        out.matched = bytes_equal(result.key, key);
        out.too_long = !out.matched && is_longer(request.kdf, result.key, key);
        out.expected = key_text(keep, result.key);
        break;
    case ORACLE_UNKNOWN:
        out.matched = result.key.len > 0 && bytes_equal(result.key, key);
        out.undefined = true;
        out.expected = result.why;
        break;
    case ORACLE_REFUSED: out.expected = arena_printf(keep, "a refusal: %s", result.why); break;
    case ORACLE_BROKEN: out.why = result.why; break;
    }
    return out;
}

const struct agreement *key_agreement(const struct case_record *record,
                                      const struct call_record *call)
{
    const char *name = node_get_text(call->args, "agreement");
    uint64_t index;
    if (name != NULL && name[0] == '$')
        name++;
    const struct agreement *found = name == NULL ? NULL : case_agreement(record, call, name);
    if (found == NULL && (node_to_uint(node_get(call->args, "index"), &index) ||
                          node_to_uint(node_get(call->args, "bSecretAgreementIndex"), &index)))
        found = case_agreement_at(record, call, index);
    return found;
}

static struct key_answer unjudged(const char *why)
{
    return (struct key_answer){.match = KEY_UNJUDGED, .why = why};
}

/* Tries a list of readings; true if the answer is settled. */
static bool try_readings(const struct key_judge *judge, struct arena *keep,
                         const struct oracle_request *secret, const struct call_record *call,
                         const struct key_reading *readings, size_t count, struct bytes key,
                         enum key_match match, struct key_answer *answer)
{
    for (size_t i = 0; i < count; i++) {
        struct reading_result one = try_reading(judge, keep, secret, call, &readings[i], key);
        if (one.why != NULL) {
            *answer = unjudged(one.why);
            return true;
        }
        if (one.matched) {
            *answer = (struct key_answer){.match = match};
            return true;
        }
        if (one.undefined)
            *answer = (struct key_answer){.match = KEY_UNDEFINED, .why = one.expected};
        else if (answer->match == KEY_WRONG && answer->expected == NULL)
            answer->expected = one.expected;
        answer->too_long |= one.too_long;
    }
    return false;
}

/* Whether the driver was asked for the key of the agreement's container, and answered. */
static bool is_asked(const struct case_record *record, const struct call_record *agreed)
{
    uint64_t wanted, index;
    if (!read_container(agreed, &wanted))
        return false;
    for (size_t i = 0; i < record->call_count; i++) {
        const struct call_record *call = record->calls[i];
        if (strcmp(call->entry, "CardGetContainerInfo") == 0 && call->returned &&
            call->status == SCARD_S_SUCCESS && read_container(call, &index) && index == wanted &&
            reader_of(record, call->context) == reader_of(record, agreed->context))
            return true;
    }
    return false;
}

struct key_answer key_check(const struct key_judge *judge, struct case_record *record,
                            const struct call_record *call, const struct key_expectation *expected,
                            struct bytes key)
{
    struct oracle_request secret = {.key_bytes = key.len};
    struct key_answer answer = {.match = KEY_WRONG};
    const struct agreement *agreement = key_agreement(record, call);
    if (agreement == NULL)
        return unjudged("the agreement that was derived from is not in the trace");
    struct bytes point;
    bool told = card_key(judge, record, agreement->call, &secret.curve, &point);
    if (told ? !curve_point_is_valid(secret.curve, point) : is_asked(record, agreement->call))
        return (struct key_answer){.match = KEY_UNTOLD,
                                   .why = "the driver tells no valid public key of the container"};
    const char *why = key_secret(judge, record, agreement, &secret.curve, &secret.z);
    if (why != NULL)
        return unjudged(why);
    if (!try_readings(judge, &record->arena, &secret, call, expected->accepted,
                      expected->accepted_count, key, KEY_ACCEPTED, &answer))
        (void)try_readings(judge, &record->arena, &secret, call, expected->warned,
                           expected->warned_count, key, KEY_WARNED, &answer);
    return answer;
}

bool key_fits_secret(const struct key_judge *judge, struct case_record *record,
                     const struct call_record *call, const struct key_expectation *expected,
                     struct bytes key, struct bytes z)
{
    struct oracle_request secret = {.key_bytes = key.len, .z = z};
    struct bytes right;
    const struct agreement *agreement = key_agreement(record, call);
    if (agreement == NULL || key_secret(judge, record, agreement, &secret.curve, &right) != NULL)
        return false;
    for (size_t i = 0; i < expected->accepted_count; i++) {
        struct oracle_request request = secret;
        if (make_request(&record->arena, call, &expected->accepted[i], &request) &&
            request.kdf != NULL && request.kdf[0] != '\0' && strcmp(request.kdf, "TRUNCATE") != 0 &&
            try_reading(judge, &record->arena, &secret, call, &expected->accepted[i], key).matched)
            return true;
    }
    return false;
}

/* ---- a second secret ---- */

static bool has_one_handle(const struct oracle_request *request)
{
    size_t count = 0;
    for (size_t i = 0; i < request->parameter_count; i++)
        count += request->parameters[i].type == KDF_SECRET_HANDLE;
    return count == 1;
}

const char *key_second_secret(const struct key_judge *judge, struct case_record *record,
                              const struct call_record *call, bool *known)
{
    static const struct key_reading as_sent;
    struct oracle_request request = {0};
    struct bytes key, second;
    const struct curve *curve;
    bool masked;
    const struct agreement *agreement = key_agreement(record, call);
    const struct agreement *other = case_agreement_at(record, call, call->answer);
    *known = call->status == SCARD_S_SUCCESS && agreement != NULL && other != NULL &&
             key_of_call(&record->arena, call, &key, &masked) && key.len > 0 &&
             make_request(&record->arena, call, &as_sent, &request) && has_one_handle(&request) &&
             key_secret(judge, record, agreement, &request.curve, &request.z) == NULL &&
             key_secret(judge, record, other, &curve, &second) == NULL &&
             !bytes_equal(request.z, second);
    return *known ? oracle_recognise_second_secret(judge->oracle, &request, second, key) : NULL;
}
