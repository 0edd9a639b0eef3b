/* SPDX-License-Identifier: Apache-2.0 */
#include "requirement.h"

#include "fields.h"
#include "status_name.h"

#include "mdcts/status.h"

#include <string.h>

#define CODES_MAX        64 /* of one list */
#define REQUIREMENTS_MAX 4096

static const char *const level_names[] = {"must", "should", "may"};
static const char *const kind_names[] = {"SRC", "HDR", "KIT", "INF"};
static const char *const outcome_names[] = {"PASS", "INFO", "WARN", "FAIL"};

const char *requirement_level_name(enum requirement_level level)
{
    return level_names[level];
}

const char *requirement_kind_name(enum requirement_kind kind)
{
    return kind_names[kind];
}

const char *outcome_name(enum outcome outcome)
{
    return outcome_names[outcome];
}

bool requirement_level_from_name(const char *name, enum requirement_level *out)
{
    for (size_t i = 0; i < sizeof level_names / sizeof level_names[0]; i++) {
        if (strcmp(level_names[i], name) == 0) {
            *out = (enum requirement_level)i;
            return true;
        }
    }
    return false;
}

bool kinds_from_name(const char *name, enum kinds *out)
{
    *out = name != NULL && strcmp(name, "documents") == 0 ? KINDS_DOCUMENTS : KINDS_SUITE;
    return name == NULL || *out == KINDS_DOCUMENTS || strcmp(name, "suite") == 0;
}

bool kinds_include(enum kinds kinds, enum requirement_kind kind)
{
    return kinds == KINDS_SUITE || kind != KIND_INF;
}

/* ---- reading ---- */

bool requirement_id_is_valid(const char *id)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
    size_t len = strlen(id);
    return len >= 2 && len <= 32 && id[0] >= 'A' && id[0] <= 'Z' && strspn(id, allowed) == len;
}

static bool read_code(struct diags *diags, const struct node *node, struct code *out)
{
    static const struct {
        const char *name;
        enum code_kind kind;
    } words[] = {
        {"SCARD_*", CODE_SCARD},
        {"success", CODE_SUCCESS},
        {"failure", CODE_FAILURE},
    };
    size_t count;
    const char *const *names = status_names(&count);
    if (!node_is_scalar(node))
        return field_wrong(diags, node, "a code", "a name");
    *out = (struct code){.kind = CODE_EXACT, .name = node->text};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i].name, node->text) == 0) {
            out->kind = words[i].kind;
            return true;
        }
    }
    if (status_from_name(node->text, &out->status))
        return true;
    return field_unknown(diags, node->at, "return code", node->text, names, count);
}

static bool read_codes(struct diags *diags, struct arena *keep, const struct node *node,
                       const char *what, struct code_list *out)
{
    if (node == NULL)
        return true;
    if (node->kind != NODE_LIST || node->count > CODES_MAX)
        return field_wrong(diags, node, what, "a list of return codes");
    struct code *items = arena_array(keep, struct code, node->count);
    bool ok = true;
    for (const struct node *item = node->first; item != NULL; item = item->next)
        ok = read_code(diags, item, &items[out->count++]) && ok;
    out->items = items;
    return ok;
}

/* A code in two lists would mean two things. */
static bool are_disjoint(struct diags *diags, const struct node *row, const char *one,
                         const char *other)
{
    const struct node *first = node_get(row, one), *second = node_get(row, other);
    bool ok = true;
    for (const struct node *a = first != NULL ? first->first : NULL; a != NULL; a = a->next)
        for (const struct node *b = second != NULL ? second->first : NULL; b != NULL; b = b->next)
            if (strcmp(a->text, b->text) == 0)
                ok = diag_error(diags, b->at, "'%s' stands under both %s and %s", b->text, one,
                                other);
    return ok;
}

static const char *const row_keys[] = {"id",      "section", "level", "kind", "text",      "source",
                                       "observe", "accept",  "warn",  "fail", "untestable"};

static bool read_level_and_kind(struct diags *diags, const struct node *row,
                                struct requirement *out)
{
    size_t level = 0, kind = 0;
    const struct node *level_node = field_required(diags, row, "a requirement", "level");
    const struct node *kind_node = field_required(diags, row, "a requirement", "kind");
    bool ok = level_node != NULL && kind_node != NULL;
    ok = field_choice(diags, level_node, "level", level_names, 3, &level) && ok;
    ok = field_choice(diags, kind_node, "kind", kind_names, 4, &kind) && ok;
    out->level = (enum requirement_level)level;
    out->kind = (enum requirement_kind)kind;
    return ok;
}

static bool read_row(struct diags *diags, struct arena *keep, const struct node *row,
                     struct requirement *out)
{
    bool ok =
        fields_check(diags, row, "a requirement", row_keys, sizeof row_keys / sizeof row_keys[0]);
    if (row->kind != NODE_MAP)
        return false;
    ok = read_level_and_kind(diags, row, out) && ok;
    ok = field_required(diags, row, "a requirement", "text") != NULL && ok;
    ok = field_text(diags, node_get(row, "text"), "text", &out->text) && ok;
    ok = field_text(diags, node_get(row, "section"), "section", &out->section) && ok;
    ok = field_text(diags, node_get(row, "source"), "source", &out->source) && ok;
    ok = field_text(diags, node_get(row, "observe"), "observe", &out->observe) && ok;
    ok = field_text(diags, node_get(row, "untestable"), "untestable", &out->untestable) && ok;
    ok = read_codes(diags, keep, node_get(row, "accept"), "accept", &out->accept) && ok;
    ok = read_codes(diags, keep, node_get(row, "warn"), "warn", &out->warn) && ok;
    ok = read_codes(diags, keep, node_get(row, "fail"), "fail", &out->fail) && ok;
    return ok && are_disjoint(diags, row, "accept", "warn") &&
           are_disjoint(diags, row, "accept", "fail") && are_disjoint(diags, row, "warn", "fail");
}

static bool add(struct diags *diags, struct arena *keep, const struct node *row, const char *id,
                struct source_pos at, struct requirements *all)
{
    struct requirement new = {.id = id, .at = at, .node = row};
    if (!requirement_id_is_valid(id))
        return diag_error(diags, at,
                          "'%s' is no requirement id: write R and three digits, or capital "
                          "letters, digits and '-'",
                          id);
    const struct requirement *earlier = requirement_find(all, id);
    if (earlier != NULL)
        return diag_error(diags, at, "requirement %s is defined twice, first in %s line %u", id,
                          earlier->at.file != NULL ? earlier->at.file : "?", earlier->at.line);
    if (all->count >= REQUIREMENTS_MAX)
        return diag_error(diags, at, "more than %d requirements (REQUIREMENTS_MAX)",
                          REQUIREMENTS_MAX);
    if (!read_row(diags, keep, row, &new))
        return false;
    all->items = arena_grow(keep, all->items, all->count, &all->capacity, sizeof *all->items);
    all->items[all->count++] = new;
    return true;
}

bool requirements_add(struct diags *diags, struct arena *keep, const struct node *rows,
                      struct requirements *all)
{
    bool ok = true;
    if (rows->kind != NODE_MAP)
        return field_wrong(diags, rows, "requirements", "a map of rows");
    for (const struct node *row = rows->first; row != NULL; row = row->next)
        ok = add(diags, keep, row, row->key, row->key_at, all) && ok;
    return ok;
}

bool requirements_add_row(struct diags *diags, struct arena *keep, const struct node *row,
                          struct requirements *all)
{
    const char *id = node_get_text(row, "id");
    if (id == NULL)
        return diag_error(diags, row->at, "a requirement needs an 'id'");
    return add(diags, keep, row, id, row->at, all);
}

struct node *requirement_to_node(struct arena *keep, const struct requirement *row)
{
    struct node *map = node_new_map(keep);
    node_add(map, "id", node_new_string(keep, row->id));
    for (const struct node *entry = row->node->first; entry != NULL; entry = entry->next)
        if (strcmp(entry->key, "id") != 0)
            node_add(map, entry->key, node_copy(keep, entry));
    return map;
}

const struct requirement *requirement_find(const struct requirements *all, const char *id)
{
    for (size_t i = 0; i < all->count; i++)
        if (strcmp(all->items[i].id, id) == 0)
            return &all->items[i];
    return NULL;
}

/* ---- outcomes ---- */

bool status_prompts(uint32_t status)
{
    static const uint32_t prompting[] = {
        SCARD_W_SECURITY_VIOLATION, SCARD_W_WRONG_CHV,    SCARD_W_CHV_BLOCKED,
        SCARD_W_RESET_CARD,         SCARD_W_REMOVED_CARD, SCARD_W_CANCELLED_BY_USER,
        SCARD_E_CANCELLED,
    };
    for (size_t i = 0; i < sizeof prompting / sizeof prompting[0]; i++)
        if (prompting[i] == status)
            return true;
    return false;
}

static bool is_scard(uint32_t status)
{
    return status >> 8 == 0x801000u;
}

static bool lists_exactly(struct code_list list, uint32_t status)
{
    for (size_t i = 0; i < list.count; i++) {
        const struct code *code = &list.items[i];
        if (code->kind == CODE_EXACT ? code->status == status
                                     : code->kind == CODE_SUCCESS && status == SCARD_S_SUCCESS)
            return true;
    }
    return false;
}

static bool lists_by_word(struct code_list list, uint32_t status)
{
    for (size_t i = 0; i < list.count; i++) {
        enum code_kind kind = list.items[i].kind;
        if ((kind == CODE_FAILURE && status != SCARD_S_SUCCESS) ||
            (kind == CODE_SCARD && is_scard(status)))
            return true;
    }
    return false;
}

enum outcome requirement_deviation(const struct requirement *row)
{
    static const enum outcome by_level[] = {
        [LEVEL_MUST] = OUTCOME_FAIL,
        [LEVEL_SHOULD] = OUTCOME_WARN,
        [LEVEL_MAY] = OUTCOME_INFO,
    };
    return by_level[row->level];
}

enum outcome requirement_outcome(const struct requirement *row, uint32_t status)
{
    if (lists_exactly(row->accept, status))
        return OUTCOME_PASS;
    if (lists_exactly(row->warn, status))
        return OUTCOME_WARN;
    if (lists_exactly(row->fail, status) || status_prompts(status))
        return OUTCOME_FAIL;
    if (lists_by_word(row->accept, status))
        return OUTCOME_PASS;
    if (lists_by_word(row->warn, status))
        return OUTCOME_WARN;
    if (lists_by_word(row->fail, status))
        return OUTCOME_FAIL;
    /* An inference is softer than its level says, never harder. */
    if (row->kind == KIND_INF && row->level == LEVEL_MUST && is_scard(status))
        return OUTCOME_WARN;
    return requirement_deviation(row);
}

bool requirement_has_codes(const struct requirement *row)
{
    return row->accept.count + row->warn.count + row->fail.count > 0;
}
