/* SPDX-License-Identifier: Apache-2.0 */
#include "matrix.h"

#include "fields.h"

#include <string.h>

#define RANGE_VALUES_MAX 4096

struct reader {
    struct diags *diags;
    struct arena *keep;
    struct matrix_variable *variable;
    size_t capacity;
};

/* ---- reading ---- */

static void add_value(struct reader *r, const struct node *value)
{
    struct matrix_variable *v = r->variable;
    v->values = arena_grow(r->keep, v->values, v->count, &r->capacity, sizeof *v->values);
    v->values[v->count++] = value;
}

static bool add_range(struct reader *r, const struct node *node, uint64_t first, uint64_t last)
{
    if (first > last)
        return diag_error(
            r->diags, node->at, "the range '%s' runs backwards: write %s..%s", node->text,
            strstr(node->text, "..") + 2,
            arena_strndup(r->keep, node->text, (size_t)(strstr(node->text, "..") - node->text)));
    if (last - first >= RANGE_VALUES_MAX)
        return diag_error(r->diags, node->at,
                          "the range '%s' has more than %d values "
                          "(RANGE_VALUES_MAX)",
                          node->text, RANGE_VALUES_MAX);
    for (uint64_t i = first; i <= last; i++) {
        struct node *value = node_new_uint(r->keep, i);
        value->at = node->at;
        add_value(r, value);
    }
    return true;
}

static bool read_value(struct reader *r, const struct node *node)
{
    uint64_t first, last;
    if (node->kind == NODE_LIST)
        return field_wrong(r->diags, node, "a matrix value",
                           "a word, a number, a range such as 1..23 or a map with 'name'");
    if (node->kind == NODE_MAP && node_get_text(node, "name") == NULL)
        return diag_error(r->diags, node->at,
                          "a map in a matrix needs 'name', which becomes part "
                          "of the case's id");
    if (field_range(r->keep, node_text(node), &first, &last))
        return add_range(r, node, first, last);
    add_value(r, node);
    return true;
}

static bool read_variable(struct reader *r, const struct node *node)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    bool ok = true;
    r->capacity = 0;
    *r->variable = (struct matrix_variable){.name = node->key};
    if (node->key[0] == '\0' || strspn(node->key, letters) != strlen(node->key))
        ok = diag_error(r->diags, node->key_at,
                        "the matrix variable '%s' must have a name of letters, digits and '_'",
                        node->key);
    if (node->kind != NODE_LIST)
        return field_wrong(r->diags, node,
                           arena_printf(r->keep, "the matrix variable '%s'", node->key),
                           "a list of values");
    if (node->count == 0)
        return diag_error(r->diags, node->at, "the matrix variable '%s' has no values", node->key);
    for (const struct node *value = node->first; value != NULL; value = value->next)
        ok = read_value(r, value) && ok;
    return ok;
}

bool matrix_read(struct diags *diags, struct arena *keep, const struct node *node,
                 struct matrix *out)
{
    struct reader r = {diags, keep, NULL, 0};
    *out = (struct matrix){.combinations = 1};
    if (node == NULL)
        return true;
    if (node->kind != NODE_MAP || node->count == 0)
        return field_wrong(diags, node, "matrix", "a map of variables");
    if (node->count > MATRIX_VARIABLES_MAX)
        return diag_error(diags, node->at, "more than %d matrix variables (MATRIX_VARIABLES_MAX)",
                          MATRIX_VARIABLES_MAX);
    for (const struct node *entry = node->first; entry != NULL; entry = entry->next) {
        r.variable = &out->variables[out->variable_count++];
        if (!read_variable(&r, entry))
            return false;
        out->combinations *= r.variable->count;
        if (out->combinations > MATRIX_COMBINATIONS_MAX)
            return diag_error(diags, node->at,
                              "the matrix makes more than %d cases (MATRIX_COMBINATIONS_MAX)",
                              MATRIX_COMBINATIONS_MAX);
    }
    return true;
}

/* ---- combinations ---- */

static const struct node *value_of(const struct matrix *matrix, size_t variable, size_t combination)
{
    for (size_t i = matrix->variable_count; i-- > variable + 1;)
        combination /= matrix->variables[i].count;
    const struct matrix_variable *v = &matrix->variables[variable];
    return v->values[combination % v->count];
}

static const char *value_name(const struct node *value)
{
    if (value->kind == NODE_MAP)
        return node_get_text(value, "name");
    return node_is_null(value) ? "null" : value->text;
}

const char *matrix_id(struct arena *keep, const struct matrix *matrix, const char *base,
                      size_t combination)
{
    const char *id = base;
    for (size_t i = 0; i < matrix->variable_count; i++)
        id = arena_printf(keep, "%s%s%s=%s", id, i == 0 ? "[" : ",", matrix->variables[i].name,
                          value_name(value_of(matrix, i, combination)));
    return matrix->variable_count == 0 ? arena_strdup(keep, base) : arena_printf(keep, "%s]", id);
}

/* ---- expansion ---- */

struct expander {
    struct diags *diags;
    struct arena *keep;
    const struct matrix *matrix;
    size_t combination;
    bool ok;
};

/* The value that "$name" or "$name.field" stands for; NULL if it is no variable of the matrix. */
static const struct node *find_value(struct expander *x, const struct node *node)
{
    const char *name = node->text + 1;
    const char *dot = strchr(name, '.');
    size_t len = dot != NULL ? (size_t)(dot - name) : strlen(name);
    for (size_t i = 0; i < x->matrix->variable_count; i++) {
        const char *known = x->matrix->variables[i].name;
        if (strlen(known) != len || strncmp(known, name, len) != 0)
            continue;
        const struct node *value = value_of(x->matrix, i, x->combination);
        const struct node *field = dot == NULL ? value : node_get(value, dot + 1);
        if (field == NULL)
            x->ok = diag_error(x->diags, node->at, "this value of '$%s' has no field '%s'", known,
                               dot + 1);
        else if (dot == NULL && value->kind == NODE_MAP)
            x->ok = diag_error(x->diags, node->at,
                               "'$%s' is a map here: name one of its fields, "
                               "such as $%s.name",
                               known, known);
        return field;
    }
    return NULL;
}

static struct node *expand(struct expander *x, const struct node *from)
{
    const struct node *value = NULL;
    if (node_is_scalar(from) && from->text[0] == '$')
        value = find_value(x, from);
    if (value != NULL)
        return node_copy(x->keep, value);
    struct node *to = arena_new(x->keep, struct node);
    *to = *from;
    to->next = to->first = to->last = NULL;
    to->count = 0;
    for (const struct node *child = from->first; child != NULL; child = child->next) {
        struct node *copy = expand(x, child);
        copy->key_at = child->key_at;
        if (from->kind == NODE_MAP)
            node_add(to, child->key, copy);
        else
            node_append(to, copy);
    }
    return to;
}

bool matrix_expand(struct diags *diags, struct arena *keep, const struct matrix *matrix,
                   size_t combination, const struct node *from, struct node **out)
{
    struct expander x = {diags, keep, matrix, combination, true};
    *out = expand(&x, from);
    return x.ok;
}
