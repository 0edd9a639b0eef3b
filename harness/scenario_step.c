/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario.h"

#include "fields.h"
#include "scenario_argument.h"
#include "scenario_expect.h"
#include "scenario_fault.h"
#include "status_name.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct reader {
    struct diags *diags;
    struct arena *keep;
};

/* ---- callbacks ---- */

static bool read_answer_status(struct reader *r, const struct node *node, uint32_t *out)
{
    uint64_t number;
    size_t count;
    const char *const *names = status_names(&count);
    if (node == NULL)
        return true;
    if (node_to_uint(node, &number) && number <= UINT32_MAX) {
        *out = (uint32_t)number;
        return true;
    }
    if (!node_is_scalar(node))
        return field_wrong(r->diags, node, "return", "a number or the name of a code");
    if (status_from_name(node->text, out))
        return true;
    return field_unknown(r->diags, node->at, "return code", node->text, names, count);
}

static bool read_answer(struct reader *r, const struct node *node, struct callback_answer *out)
{
    static const char *const keys[] = {"handle", "index",    "return",
                                       "write",  "delay_ms", "calls_back"};
    uint64_t delay_ms = 0;
    *out = (struct callback_answer){.write = true};
    if (!fields_check(r->diags, node, "an answer of CspGetDHAgreement", keys, COUNT(keys)))
        return false;
    const struct node *index = node_get(node, "index");
    bool ok = field_required(r->diags, node, "an answer", "handle") != NULL;
    ok = field_text(r->diags, node_get(node, "handle"), "handle", &out->handle) && ok;
    ok = field_bool(r->diags, node_get(node, "write"), "write", &out->write) && ok;
    ok = field_bool(r->diags, node_get(node, "calls_back"), "calls_back", &out->calls_back) && ok;
    ok = field_uint(r->diags, node_get(node, "delay_ms"), "delay_ms", 0, 60000, &delay_ms) && ok;
    out->delay_ms = (uint32_t)delay_ms;
    ok = read_answer_status(r, node_get(node, "return"), &out->status) && ok;
    if (index == NULL) {
        out->write = false;
        return ok;
    }
    if (!agreement_ref_read(index, &out->index))
        return field_wrong(r->diags, index, "index", "$NAME of an agreement or a number up to 255");
    return ok;
}

static bool read_answers(struct reader *r, const struct node *node, struct callback_script *out)
{
    bool ok = true;
    if (node == NULL)
        return true;
    if (node->kind != NODE_LIST || node->count > ANSWERS_MAX)
        return field_wrong(r->diags, node, "CspGetDHAgreement", "a list of answers");
    out->answers = arena_array(r->keep, struct callback_answer, node->count);
    for (const struct node *item = node->first; item != NULL; item = item->next)
        ok = read_answer(r, item, &out->answers[out->answer_count++]) && ok;
    return ok;
}

static bool read_alloc_fault(struct reader *r, const struct node *node, struct callback_script *out)
{
    static const char *const keys[] = {"fail", "fail_from"};
    uint64_t fail = 0, fail_from = 0;
    if (node == NULL)
        return true;
    if (!fields_check(r->diags, node, "CspAlloc", keys, COUNT(keys)))
        return false;
    if (node->count != 1)
        return diag_error(r->diags, node->at, "CspAlloc needs 'fail' or 'fail_from'");
    bool ok = field_uint(r->diags, node_get(node, "fail"), "fail", 1, UINT32_MAX, &fail);
    ok =
        field_uint(r->diags, node_get(node, "fail_from"), "fail_from", 1, UINT32_MAX, &fail_from) &&
        ok;
    out->alloc_fail = (uint32_t)fail;
    out->alloc_fail_from = (uint32_t)fail_from;
    return ok;
}

static bool read_callbacks(struct reader *r, const struct node *node, struct step *out)
{
    static const char *const keys[] = {"CspGetDHAgreement", "CspAlloc"};
    bool ok = fields_check(r->diags, node, "callbacks", keys, COUNT(keys));
    ok = read_answers(r, node_get(node, "CspGetDHAgreement"), &out->callbacks) && ok;
    return read_alloc_fault(r, node_get(node, "CspAlloc"), &out->callbacks) && ok;
}

/* ---- attributes ---- */

static bool is_identifier(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    return text[0] != '\0' && strspn(text, letters) == strlen(text) &&
           !(text[0] >= '0' && text[0] <= '9');
}

static bool read_raw(struct reader *r, const struct node *node, struct step *out)
{
    struct arena scratch = {0};
    bool ok = true;
    if (node->kind != NODE_MAP)
        return field_wrong(r->diags, node, "raw", "a map of members");
    for (const struct node *item = node->first; item != NULL; item = item->next) {
        struct raw_value value;
        if (!is_identifier(item->key))
            ok = diag_error(r->diags, item->key_at,
                            "'%s' is no member's name of Cardmod.h (such as dwVersion)", item->key);
        else if (!raw_value_read(&scratch, item, &value))
            ok = field_wrong(r->diags, item, item->key,
                             "a number, null, text, hex:0306 or {repeat: \"41\", count: N}");
    }
    arena_free(&scratch);
    out->raw = node;
    return ok;
}

static bool read_expect(struct reader *r, const struct node *node, struct step *out)
{
    return expectations_read(r->diags, r->keep, node, &out->expects, &out->expect_count);
}

static bool read_context(struct reader *r, const struct node *node, struct step *out)
{
    return field_text(r->diags, node, "context", &out->context);
}

static bool read_number(struct reader *r, const struct node *node, uint64_t most, uint32_t *out)
{
    uint64_t value = *out;
    bool ok = field_uint(r->diags, node, node->key, 1, most, &value);
    *out = (uint32_t)value;
    return ok;
}

static bool read_repeat(struct reader *r, const struct node *node, struct step *out)
{
    return read_number(r, node, STEP_REPEAT_MAX, &out->repeat);
}

static bool read_condition(struct reader *r, const struct node *node, struct step *out)
{
    if (out->condition != NULL)
        return diag_error(r->diags, node->key_at, "a step has one condition: if or unless");
    out->condition = reference_name(node);
    out->unless = strcmp(node->key, "unless") == 0;
    return out->condition != NULL ||
           field_wrong(r->diags, node, node->key,
                       "$NAME, a name that an earlier step binds with 'as'");
}

/* Only traces and expanded cases have it. */
static bool read_block(struct reader *r, const struct node *node, struct step *out)
{
    return read_number(r, node, STEPS_MAX, &out->block);
}

/* Only traces and expanded cases have it: the step is one of a block `parallel`. */
static bool read_beside(struct reader *r, const struct node *node, struct step *out)
{
    return field_bool(r->diags, node, "beside", &out->beside);
}

static bool read_meet(struct reader *r, const struct node *node, struct step *out)
{
    size_t place;
    out->meet = node_text(node);
    return field_choice(r->diags, node, "meet", meeting_places.names, meeting_places.count, &place);
}

static bool read_timeout(struct reader *r, const struct node *node, struct step *out)
{
    return read_number(r, node, TIMEOUT_MS_MAX, &out->timeout_ms);
}

static bool read_card(struct reader *r, const struct node *node, struct step *out)
{
    return trouble_read(r->diags, r->keep, node, &out->card);
}

static bool read_pcsc(struct reader *r, const struct node *node, struct step *out)
{
    return trouble_read(r->diags, r->keep, node, &out->pcsc);
}

static bool read_sweep(struct reader *r, const struct node *node, struct step *out)
{
    return sweep_read(r->diags, r->keep, node, &out->sweep);
}

static bool read_thread(struct reader *r, const struct node *node, struct step *out)
{
    return read_number(r, node, STEP_THREADS_MAX, &out->thread);
}

static bool read_transaction(struct reader *r, const struct node *node, struct step *out)
{
    return field_bool(r->diags, node, "transaction", &out->transaction);
}

/* Only traces have it: where the step stands in the suite file. */
static bool read_line(struct reader *r, const struct node *node, struct step *out)
{
    return read_number(r, node, UINT32_MAX, &out->line);
}

static bool read_file(struct reader *r, const struct node *node, struct step *out)
{
    return field_text(r->diags, node, "file", &out->at.file);
}

static const struct {
    const char *name;
    bool (*read)(struct reader *r, const struct node *node, struct step *out);
} attributes[] = {
    {"expect", read_expect},   {"callbacks", read_callbacks}, {"raw", read_raw},
    {"context", read_context}, {"repeat", read_repeat},       {"timeout_ms", read_timeout},
    {"card", read_card},       {"thread", read_thread},       {"transaction", read_transaction},
    {"meet", read_meet},       {"if", read_condition},        {"unless", read_condition},
    {"sweep", read_sweep},     {"pcsc", read_pcsc},           {"block", read_block},
    {"beside", read_beside},   {"line", read_line},           {"file", read_file},
};
#define HIDDEN_ATTRIBUTES 4 /* the last ones: a trace's, and an expanded case's */

static bool unknown_key(struct reader *r, const struct node *entry)
{
    size_t count;
    const char *const *ops = op_names(&count);
    const char *names[64];
    size_t total = 0;
    for (size_t i = 0; i < count && total < COUNT(names); i++)
        names[total++] = ops[i];
    for (size_t i = 0; i + HIDDEN_ATTRIBUTES < COUNT(attributes) && total < COUNT(names); i++)
        names[total++] = attributes[i].name;
    return field_unknown(r->diags, entry->key_at, "operation or key of a step", entry->key, names,
                         total);
}

static bool read_entry(struct reader *r, const struct node *entry, struct step *out)
{
    const struct op_row *op = op_find(entry->key);
    if (op != NULL) {
        if (out->op_name != NULL)
            return diag_error(r->diags, entry->key_at,
                              "a step has one operation; '%s' follows '%s': begin a new item with "
                              "'- '",
                              op->name, out->op_name);
        out->op = op->op;
        out->op_name = op->name;
        out->args = entry;
        return arguments_check(r->diags, op, entry);
    }
    for (size_t i = 0; i < COUNT(attributes); i++)
        if (strcmp(attributes[i].name, entry->key) == 0)
            return attributes[i].read(r, entry, out);
    return unknown_key(r, entry);
}

bool scenario_read_step(struct diags *diags, struct arena *keep, const struct node *node,
                        struct step *out)
{
    struct reader r = {diags, keep};
    *out = (struct step){.at = node->at,
                         .line = node->at.line,
                         .node = node,
                         .context = CONTEXT_DEFAULT,
                         .repeat = 1,
                         .transaction = true};
    if (node->kind != NODE_MAP)
        return field_wrong(diags, node, "a step", "a map such as {derive: {...}}");
    size_t errors = diags->count;
    for (const struct node *entry = node->first; entry != NULL; entry = entry->next)
        read_entry(&r, entry, out);
    if (diags->count != errors)
        return false;
    if (out->op_name == NULL)
        return diag_error(diags, node->at, "a step needs an operation, such as derive");
    out->at.line = out->line;
    return true;
}

/* ---- accessors ---- */

const struct node *step_arg(const struct step *step, const char *name)
{
    return node_get(step->args, name);
}

const char *step_arg_text(const struct step *step, const char *name, const char *fallback)
{
    const char *text = node_text(step_arg(step, name));
    return text != NULL ? text : fallback;
}

uint64_t step_arg_uint(const struct step *step, const char *name, uint64_t fallback)
{
    return node_get_uint(step->args, name, fallback);
}

bool step_arg_bool(const struct step *step, const char *name, bool fallback)
{
    return node_get_bool(step->args, name, fallback);
}

bool step_is_repeated(const struct step *step)
{
    return step->repeat > 1;
}

const char *step_binds(const struct step *step)
{
    return step_arg_text(step, "as", step->op == STEP_ACQUIRE ? CONTEXT_DEFAULT : NULL);
}

bool step_agreement(const struct step *step, struct agreement_ref *out)
{
    const struct node *node = step_arg(step, "agreement");
    if (node == NULL)
        node = step_arg(step, "index");
    return node != NULL && agreement_ref_read(node, out);
}

/* Of get_property the flags are a key specification for some properties. */
uint32_t step_flags(const struct step *step)
{
    uint32_t flags = 0;
    const struct node *node = step_arg(step, "flags");
    if (node != NULL && !flags_read(node, &flags) && node_is_scalar(node))
        name_table_find(&key_spec_table, node->text, &flags);
    return flags;
}

static bool agrees_on(const struct node *capabilities, const char *curve)
{
    const struct node *rows = node_get(capabilities, "containers");
    for (const struct node *r = rows == NULL ? NULL : rows->first; r != NULL; r = r->next) {
        const char *use = node_get_text(r, "use"), *its = node_get_text(r, "curve");
        if (use != NULL && strcmp(use, "agree") == 0 && its != NULL && strcmp(its, curve) == 0)
            return true;
    }
    return false;
}

static const char *any_curve(const struct node *capabilities)
{
    for (size_t i = 0; i < curve_names.count; i++)
        if (agrees_on(capabilities, curve_names.names[i]))
            return curve_names.names[i];
    return NULL;
}

struct container_spec step_container(const struct step *step, const struct node *capabilities)
{
    static const struct {
        const char *word;
        enum container_kind kind;
    } words[] = {
        {"rsa", CONTAINER_RSA},
        {"sign-only", CONTAINER_SIGN_ONLY},
        {"ecdsa", CONTAINER_ECDSA},
        {"unused", CONTAINER_UNUSED},
    };
    struct container_spec spec = {.kind = CONTAINER_UNSAID};
    const char *container = step_arg_text(step, "container", NULL);
    spec.nth = step_arg_uint(step, "nth", 1);
    spec.curve = step_arg_text(step, "curve", NULL);
    if (spec.curve != NULL)
        spec.kind = CONTAINER_BY_CURVE;
    else if (node_to_uint(step_arg(step, "container"), &spec.index))
        spec.kind = CONTAINER_INDEX;
    if (spec.curve != NULL && strcmp(spec.curve, CURVE_ANY) == 0)
        spec.curve = any_curve(capabilities);
    for (size_t i = 0; container != NULL && i < COUNT(words); i++)
        if (strcmp(words[i].word, container) == 0)
            spec.kind = words[i].kind;
    return spec;
}

static bool word_is(const struct node *row, const char *key, const char *word)
{
    const char *text = node_get_text(row, key);
    return text != NULL && word != NULL && strcmp(text, word) == 0;
}

/* An ECDSA key is told where signature keys are, and does not agree: it was tried, or declared. */
static bool holds_ecdsa(const struct node *row)
{
    return word_is(row, "use", "sign") ||
           (word_is(row, "use", "unknown") && word_is(row, "blob", "sig") &&
            node_get(row, "curve") != NULL);
}

bool container_fits(const struct node *row, const struct container_spec *spec)
{
    switch (spec->kind) {
    case CONTAINER_BY_CURVE:
        return word_is(row, "use", "agree") && word_is(row, "curve", spec->curve);
    case CONTAINER_RSA: return word_is(row, "use", "rsa");
    case CONTAINER_SIGN_ONLY: return word_is(row, "use", "sign");
    case CONTAINER_ECDSA: return holds_ecdsa(row);
    case CONTAINER_INDEX: return node_get_uint(row, "index", UINT64_MAX) == spec->index;
    case CONTAINER_UNUSED:
    case CONTAINER_UNSAID: break;
    }
    return false;
}

struct peer_spec step_peer(const struct step *step)
{
    struct peer_spec spec;
    peer_spec_read(step_arg(step, "peer"), &spec);
    return spec;
}

struct kdf_spec step_kdf(const struct step *step)
{
    struct kdf_spec spec;
    const struct node *node = step_arg(step, "kdf");
    if (node == NULL || !kdf_spec_read(node, &spec))
        spec = (struct kdf_spec){.kind = KDF_NULL};
    return spec;
}

const char *step_algorithm(const struct step *step)
{
    const struct node *node = step_arg(step, "algorithm");
    return node_text(node) != NULL ? node_text(node) : node_get_text(node, "unknown");
}

struct output_spec step_output(const struct step *step)
{
    struct output_spec spec;
    output_spec_read(step_arg(step, "output"), &spec);
    return spec;
}

struct parameter_list step_parameters(struct arena *keep, const struct step *step)
{
    struct parameter_list list;
    if (!parameter_list_read(keep, step_arg(step, "parameters"), &list, NULL, NULL))
        list = (struct parameter_list){.kind = PARAMETERS_UNSAID};
    return list;
}

const char *step_op_name(enum step_op op)
{
    return op_by_number(op)->name;
}

const char *step_entry(const struct step *step)
{
    const char *entry = op_by_number(step->op)->entry;
    return entry != NULL ? entry : step_arg_text(step, "entry", NULL);
}

bool step_is_dh(const struct step *step)
{
    const char *entry = step_entry(step);
    return entry != NULL &&
           (strcmp(entry, "CardConstructDHAgreement") == 0 || strcmp(entry, "CardDeriveKey") == 0 ||
            strcmp(entry, "CardDestroyDHAgreement") == 0);
}

bool step_is_swept_by(const struct step *step, enum sweep_fault fault)
{
    size_t i = 0;
    while (i < step->sweep.fault_count && step->sweep.faults[i] != fault)
        i++;
    return i < step->sweep.fault_count;
}

size_t steps_swept(const struct step *steps, size_t count)
{
    size_t i = 0;
    while (i < count && steps[i].sweep.fault_count == 0)
        i++;
    return i;
}

bool step_asserts(const struct step *step)
{
    return step->expect_count > 0 || step->op == STEP_RELATE;
}
