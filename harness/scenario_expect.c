/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario_expect.h"

#include "fields.h"
#include "scenario_argument.h"
#include "status_name.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define CODES_MAX    64 /* of one expectation */

struct reader {
    struct diags *diags;
    struct arena *keep;
};

/* ---- shared pieces ---- */

static bool read_range(struct reader *r, const struct node *node, const char *what,
                       struct range *out)
{
    static const char *const keys[] = {"at_least", "at_most"};
    uint64_t exact;
    *out = (struct range){0, UINT64_MAX};
    if (node_to_uint(node, &exact)) {
        *out = (struct range){exact, exact};
        return true;
    }
    if (node->kind != NODE_MAP || node->count == 0)
        return field_wrong(r->diags, node, what, "a number or {at_least: N, at_most: N}");
    if (!fields_check(r->diags, node, what, keys, COUNT(keys)))
        return false;
    bool ok =
        field_uint(r->diags, node_get(node, "at_least"), "at_least", 0, UINT64_MAX, &out->at_least);
    ok = field_uint(r->diags, node_get(node, "at_most"), "at_most", 0, UINT64_MAX, &out->at_most) &&
         ok;
    if (ok && out->at_least > out->at_most)
        return diag_error(r->diags, node->at, "%s: at_least is greater than at_most", what);
    return ok;
}

/* ---- return ---- */

static bool read_status(struct reader *r, const struct node *node, uint32_t *out)
{
    uint64_t number;
    size_t count;
    const char *const *names = status_names(&count);
    if (!node_is_scalar(node))
        return field_wrong(r->diags, node, "a return code", "a name or a number");
    if (node_to_uint(node, &number) && number <= UINT32_MAX) {
        *out = (uint32_t)number;
        return true;
    }
    if (status_from_name(node->text, out))
        return true;
    return field_unknown(r->diags, node->at, "return code", node->text, names, count);
}

/* One code, or a list of them. */
static bool read_codes(struct reader *r, const struct node *node, const uint32_t **out,
                       size_t *count)
{
    bool list = node->kind == NODE_LIST, ok = true;
    if (list && (node->count == 0 || node->count > CODES_MAX))
        return diag_error(r->diags, node->at, "%s needs 1 to %d codes", node->key, CODES_MAX);
    uint32_t *codes = arena_array(r->keep, uint32_t, list ? node->count : 1);
    for (const struct node *item = list ? node->first : node; item != NULL;
         item = list ? item->next : NULL)
        ok = read_status(r, item, &codes[(*count)++]) && ok;
    *out = codes;
    return ok;
}

static bool read_return(struct reader *r, const struct node *node, struct expectation *out)
{
    static const struct {
        const char *word;
        enum return_rule rule;
    } words[] = {
        {"per-requirement", RETURN_PER_REQUIREMENT},
        {"success", RETURN_SUCCESS},
        {"failure", RETURN_FAILURE},
        {"any", RETURN_ANY},
    };
    const char *text = node_text(node);
    for (size_t i = 0; text != NULL && i < COUNT(words); i++) {
        if (strcmp(words[i].word, text) == 0) {
            out->returns = words[i].rule;
            return true;
        }
    }
    out->returns = RETURN_CODES;
    return read_codes(r, node, &out->codes, &out->code_count);
}

static bool read_warn(struct reader *r, const struct node *node, struct expectation *out)
{
    return read_codes(r, node, &out->warn_codes, &out->warn_count);
}

static bool read_worst(struct reader *r, const struct node *node, struct expectation *out)
{
    static const char *const names[] = {"INFO", "WARN"};
    static const enum outcome outcomes[] = {OUTCOME_INFO, OUTCOME_WARN};
    size_t place = 0;
    if (!field_choice(r->diags, node, "worst", names, COUNT(names), &place))
        return false;
    out->worst = outcomes[place];
    return true;
}

static bool read_output_if(struct reader *r, const struct node *node, struct expectation *out)
{
    static const char *const names[] = {"success"};
    size_t place;
    out->output_of_success = true;
    return field_choice(r->diags, node, "output_if", names, COUNT(names), &place);
}

/* ---- key ---- */

static bool read_reading(struct reader *r, const struct node *node, struct key_reading *out)
{
    static const char *const keys[] = {"kdf", "flags", "parameters"};
    if (!fields_check(r->diags, node, "a reading of the key", keys, COUNT(keys)))
        return false;
    *out = (struct key_reading){node_get(node, "kdf"), node_get(node, "flags"),
                                node_get(node, "parameters")};
    bool ok = out->kdf == NULL || argument_is_kdf(r->diags, out->kdf, "kdf");
    ok = (out->flags == NULL || argument_is_flags(r->diags, out->flags, "flags")) && ok;
    return (out->parameters == NULL ||
            argument_is_parameters(r->diags, out->parameters, "parameters")) &&
           ok;
}

/* A map, or a list of maps. */
static bool read_readings(struct reader *r, const struct node *node, struct key_reading **out,
                          size_t *count)
{
    if (node == NULL)
        return true;
    bool list = node->kind == NODE_LIST, ok = true;
    if (list && (node->count == 0 || node->count > EXPECTATIONS_MAX))
        return diag_error(r->diags, node->at, "1 to %d readings of a key are allowed",
                          EXPECTATIONS_MAX);
    *out = arena_array(r->keep, struct key_reading, list ? node->count : 1);
    for (const struct node *item = list ? node->first : node; item != NULL;
         item = list ? item->next : NULL)
        ok = read_reading(r, item, &(*out)[(*count)++]) && ok;
    return ok;
}

static bool read_key_map(struct reader *r, const struct node *node, struct key_expectation *key)
{
    static const char *const keys[] = {"length", "oracle", "warn"};
    if (!fields_check(r->diags, node, "key", keys, COUNT(keys)))
        return false;
    const struct node *length = node_get(node, "length"), *oracle = node_get(node, "oracle");
    const struct node *warn = node_get(node, "warn");
    if ((length == NULL) == (oracle == NULL) || (length != NULL && warn != NULL))
        return diag_error(r->diags, node->at,
                          "key needs either 'length' or 'oracle', and 'warn' only beside 'oracle'");
    key->rule = length != NULL ? KEY_LENGTH : KEY_ORACLE;
    if (length != NULL)
        return field_uint(r->diags, length, "length", 0, UINT32_MAX, &key->length_bytes);
    bool ok = read_readings(r, oracle, &key->accepted, &key->accepted_count);
    return read_readings(r, warn, &key->warned, &key->warned_count) && ok;
}

static bool read_key(struct reader *r, const struct node *node, struct expectation *out)
{
    const char *text = node_text(node);
    if (node->kind == NODE_MAP)
        return read_key_map(r, node, &out->key);
    if (text != NULL && strcmp(text, "none") == 0) {
        out->key.rule = KEY_NONE;
        return true;
    }
    if (text == NULL || strcmp(text, "oracle") != 0)
        return field_wrong(r->diags, node, "key",
                           "oracle, none, {length: N} or {oracle: ..., warn: ...}");
    out->key.rule = KEY_ORACLE;
    out->key.accepted = arena_new(r->keep, struct key_reading);
    out->key.accepted_count = 1;
    return true;
}

/* ---- output ---- */

static bool read_output_range(struct reader *r, const struct node *node,
                              struct output_expectation *out)
{
    static const char *const keys[] = {"at_most", "at_least", "in", "multiple_of"};
    out->rule = OUTPUT_RANGE;
    out->range = (struct range){0, UINT64_MAX};
    if (!fields_check(r->diags, node, "an output", keys, COUNT(keys)))
        return false;
    if (node->count == 0)
        return diag_error(r->diags, node->at,
                          "an output needs a bound: at_most, at_least, in or "
                          "multiple_of");
    out->in = node_get(node, "in");
    bool ok = out->in == NULL || out->in->kind == NODE_LIST ||
              field_wrong(r->diags, out->in, "in", "a list of values");
    ok = field_uint(r->diags, node_get(node, "at_most"), "at_most", 0, UINT64_MAX,
                    &out->range.at_most) &&
         ok;
    ok = field_uint(r->diags, node_get(node, "at_least"), "at_least", 0, UINT64_MAX,
                    &out->range.at_least) &&
         ok;
    return field_uint(r->diags, node_get(node, "multiple_of"), "multiple_of", 1, UINT32_MAX,
                      &out->multiple_of) &&
           ok;
}

static bool read_one_output(struct reader *r, const struct node *node,
                            struct output_expectation *out)
{
    const char *text = node_text(node);
    *out = (struct output_expectation){.name = node->key, .at = node->at};
    if (node->kind == NODE_MAP)
        return read_output_range(r, node, out);
    if (text == NULL)
        return field_wrong(r->diags, node, "an output",
                           "a value, null, not-null, unchanged or a map of bounds");
    out->rule = node_is_null(node)               ? OUTPUT_IS_NULL
                : strcmp(text, "not-null") == 0  ? OUTPUT_NOT_NULL
                : strcmp(text, "unchanged") == 0 ? OUTPUT_UNCHANGED
                                                 : OUTPUT_EQUALS;
    out->value = node;
    return true;
}

static bool read_output(struct reader *r, const struct node *node, struct expectation *out)
{
    if (node->kind != NODE_MAP || node->count == 0)
        return field_wrong(r->diags, node, "output", "a map of members");
    bool ok = true;
    out->outputs = arena_array(r->keep, struct output_expectation, node->count);
    for (const struct node *item = node->first; item != NULL; item = item->next)
        ok = read_one_output(r, item, &out->outputs[out->output_count++]) && ok;
    return ok;
}

/* ---- the rest ---- */

/* A number, bounds, or {other: bounds}. */
static bool read_call_count(struct reader *r, const struct node *node,
                            struct calls_expectation *out)
{
    const struct node *other = node->count == 1 ? node_get(node, "other") : NULL;
    out->other = other != NULL;
    return read_range(r, other != NULL ? other : node, node->key, &out->count);
}

static bool read_calls(struct reader *r, const struct node *node, struct expectation *out)
{
    static const char *const callbacks[] = {
        "CspGetDHAgreement",  "CspAlloc",           "CspReAlloc", "CspFree",     "CspCacheAddFile",
        "CspCacheLookupFile", "CspCacheDeleteFile", "CspPadData", "CspUnpadData"};
    if (node->kind != NODE_MAP || node->count == 0)
        return field_wrong(r->diags, node, "calls", "a map of callbacks");
    if (!fields_check(r->diags, node, "calls", callbacks, COUNT(callbacks)))
        return false;
    bool ok = true;
    out->calls = arena_array(r->keep, struct calls_expectation, node->count);
    for (const struct node *item = node->first; item != NULL; item = item->next) {
        struct calls_expectation *call = &out->calls[out->call_count++];
        call->callback = item->key;
        ok = read_call_count(r, item, call) && ok;
    }
    return ok;
}

static bool read_selects(struct reader *r, const struct node *node, struct expectation *out)
{
    out->has_selects = true;
    return read_range(r, node, "selects", &out->selects);
}

static bool read_apdus(struct reader *r, const struct node *node, struct expectation *out)
{
    out->has_apdus = true;
    return read_range(r, node, "apdus", &out->apdus);
}

static bool read_entry_points(struct reader *r, const struct node *node, struct expectation *out)
{
    static const char *const rules[] = {"complete", "dh-consistent", "dh-null", "dh-present",
                                        "rsa-null"};
    size_t place = 0;
    if (!field_choice(r->diags, node, "entry_points", rules, COUNT(rules), &place))
        return false;
    out->entry_points = (enum entry_points_rule)(ENTRY_POINTS_COMPLETE + place);
    return true;
}

static bool read_word(struct reader *r, const struct node *node, const char *what, const char *word,
                      bool *out)
{
    const char *text = node_text(node);
    *out = true;
    return (text != NULL && strcmp(text, word) == 0) || field_wrong(r->diags, node, what, word);
}

static bool read_public_key(struct reader *r, const struct node *node, struct expectation *out)
{
    return read_word(r, node, "public_key", "valid", &out->public_key_valid);
}

static bool read_index(struct reader *r, const struct node *node, struct expectation *out)
{
    return read_word(r, node, "index", "distinct", &out->index_distinct);
}

static bool read_container_map(struct reader *r, const struct node *node, struct expectation *out)
{
    return read_word(r, node, "container_map", "fits", &out->container_map_fits);
}

static bool read_container(struct reader *r, const struct node *node, struct expectation *out)
{
    return read_word(r, node, "container", "agrees", &out->container_agrees);
}

static bool read_for(struct reader *r, const struct node *node, struct expectation *out)
{
    return field_text(r->diags, node, "for", &out->requirement);
}

static const struct {
    const char *name;
    bool (*read)(struct reader *r, const struct node *node, struct expectation *out);
} expect_keys[] = {
    {"return", read_return},
    {"warn", read_warn},
    {"key", read_key},
    {"output", read_output},
    {"calls", read_calls},
    {"apdus", read_apdus},
    {"entry_points", read_entry_points},
    {"public_key", read_public_key},
    {"index", read_index},
    {"selects", read_selects},
    {"container_map", read_container_map},
    {"container", read_container},
    {"output_if", read_output_if},
    {"worst", read_worst},
    {"for", read_for},
};

static bool unknown_key(struct reader *r, const struct node *entry)
{
    const char *names[COUNT(expect_keys)];
    for (size_t i = 0; i < COUNT(expect_keys); i++)
        names[i] = expect_keys[i].name;
    return field_unknown(r->diags, entry->key_at, "expectation", entry->key, names, COUNT(names));
}

/* Keys that only qualify what others expect. */
static bool check_said(struct reader *r, const struct node *node, const struct expectation *out)
{
    static const char *const qualifiers[] = {"for", "worst", "warn", "output_if"};
    size_t count = node->count;
    for (size_t i = 0; i < COUNT(qualifiers); i++)
        count -= node_get(node, qualifiers[i]) != NULL;
    if (count == 0)
        return diag_error(r->diags, node->at, "this expects nothing");
    if (out->warn_count > 0 && out->returns != RETURN_CODES && out->returns != RETURN_SUCCESS)
        return diag_error(r->diags, node_get(node, "warn")->at,
                          "warn needs 'return' with success or codes beside it");
    for (size_t i = 0; i < out->warn_count; i++)
        for (size_t j = 0; j < out->code_count; j++)
            if (out->warn_codes[i] == out->codes[j])
                return diag_error(r->diags, node_get(node, "warn")->at,
                                  "a code can't be in both 'return' and 'warn'");
    return true;
}

static bool read_one(struct reader *r, const struct node *node, struct expectation *out)
{
    bool ok = true;
    *out = (struct expectation){.at = node->at};
    if (node->kind != NODE_MAP)
        return field_wrong(r->diags, node, "expect", "a map");
    for (const struct node *entry = node->first; entry != NULL; entry = entry->next) {
        size_t i = 0;
        while (i < COUNT(expect_keys) && strcmp(expect_keys[i].name, entry->key) != 0)
            i++;
        ok = (i == COUNT(expect_keys) ? unknown_key(r, entry)
                                      : expect_keys[i].read(r, entry, out)) &&
             ok;
    }
    return check_said(r, node, out) && ok;
}

bool expectations_read(struct diags *diags, struct arena *keep, const struct node *node,
                       struct expectation **out, size_t *count)
{
    struct reader r = {diags, keep};
    *count = 0;
    if (node == NULL)
        return true;
    bool list = node->kind == NODE_LIST, ok = true;
    if (list && (node->count == 0 || node->count > EXPECTATIONS_MAX))
        return diag_error(diags, node->at, "a step has 1 to %d expectations", EXPECTATIONS_MAX);
    *out = arena_array(keep, struct expectation, list ? node->count : 1);
    for (const struct node *item = list ? node->first : node; item != NULL;
         item = list ? item->next : NULL) {
        struct expectation *expect = &(*out)[(*count)++];
        ok = read_one(&r, item, expect) && ok;
        if (list && item->kind == NODE_MAP && expect->requirement == NULL)
            ok = diag_error(diags, item->at, "each expectation of a list needs 'for'");
    }
    return ok;
}
