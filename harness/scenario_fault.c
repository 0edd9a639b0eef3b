/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario_fault.h"

#include "fields.h"
#include "status_name.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const char *const sweep_fault_words[SWEEP_FAULTS] = {
    [SWEEP_CSP_ALLOC] = "CspAlloc",
    [SWEEP_CSP_REALLOC] = "CspReAlloc",
    [SWEEP_MALLOC] = "malloc",
};

/* ---- troubles ---- */

enum who { CARD = 1, PCSC = 2 };

static const struct trouble_row {
    const char *name;
    enum trouble_kind kind;
    unsigned who;
    const char *word; /* of `what`; the card's control socket knows those of CARD */
    uint64_t most;    /* 0: the value is true */
} rows[] = {
    {"return", TROUBLE_RETURN, PCSC, NULL, UINT32_MAX},
    {"status", TROUBLE_STATUS, CARD | PCSC, "sw", 0xFFFF},
    {"cut", TROUBLE_CUT, CARD | PCSC, "cut", 65538},
    {"short", TROUBLE_SHORT, CARD | PCSC, "short", 65536},
    {"delay_ms", TROUBLE_DELAY, CARD | PCSC, "delay", 60000},
    {"previous", TROUBLE_PREVIOUS, PCSC, "previous", 0},
    {"remove", TROUBLE_REMOVE, CARD, "remove", 0},
    {"reset", TROUBLE_RESET, CARD, "reset", 0},
    {"parts", TROUBLE_PARTS, CARD, "parts", 255},
};

static size_t keys_of(unsigned who, const char *keys[COUNT(rows) + 1])
{
    size_t count = 0;
    for (size_t i = 0; i < COUNT(rows); i++)
        if ((rows[i].who & who) != 0)
            keys[count++] = rows[i].name;
    keys[count++] = "at";
    return count;
}

/* The one thing that the map says beside `at`; NULL with a diagnostic. */
static const struct trouble_row *find_row(struct diags *diags, const struct node *node,
                                          unsigned who, const struct node **value)
{
    const char *keys[COUNT(rows) + 1];
    size_t count = keys_of(who, keys), given = 0;
    const char *name = who == CARD ? "card" : "pcsc";
    const struct trouble_row *row = NULL;
    if (!fields_check(diags, node, name, keys, count))
        return NULL;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct node *one = node_get(node, rows[i].name);
        if (one == NULL)
            continue;
        given++;
        row = &rows[i];
        *value = one;
    }
    if (given == 1)
        return row;
    diag_error(diags, node->at, "%s needs one of %s", name,
               who == CARD ? "status, cut, short, delay_ms, remove, reset and parts"
                           : "return, status, cut, short, delay_ms and previous");
    return NULL;
}

static bool read_return(struct diags *diags, const struct node *node, uint64_t *value)
{
    uint32_t code;
    size_t count;
    const char *const *names = status_names(&count);
    const char *text = node_text(node);
    if (text != NULL && status_from_name(text, &code)) {
        *value = code;
        return true;
    }
    return text != NULL ? field_unknown(diags, node->at, "return code", text, names, count)
                        : field_wrong(diags, node, "return", "the name of a code");
}

static bool read_value(struct diags *diags, const struct trouble_row *row, const struct node *node,
                       uint64_t *value)
{
    bool yes = false;
    if (row->kind == TROUBLE_RETURN)
        return read_return(diags, node, value);
    if (row->most != 0)
        return field_uint(diags, node, row->name, 0, row->most, value);
    return field_bool(diags, node, row->name, &yes) &&
           (yes || field_wrong(diags, node, row->name, "true"));
}

static struct trouble make(struct arena *keep, const struct trouble_row *row, uint64_t value)
{
    struct trouble one = {.kind = row->kind, .value = (uint32_t)value, .at = 1};
    if (row->kind == TROUBLE_RETURN)
        one.what = arena_printf(keep, "return %s", status_text(keep, (uint32_t)value));
    else if (row->most == 0)
        one.what = row->word;
    else
        one.what = arena_printf(keep, row->kind == TROUBLE_STATUS ? "%s %04X" : "%s %u", row->word,
                                (unsigned)value);
    return one;
}

bool trouble_read(struct diags *diags, struct arena *keep, const struct node *node,
                  struct trouble *out)
{
    const struct node *value_node = NULL;
    uint64_t value = 0, at = 1;
    const struct trouble_row *row =
        find_row(diags, node, strcmp(node->key, "card") == 0 ? CARD : PCSC, &value_node);
    if (row == NULL || !field_uint(diags, node_get(node, "at"), "at", 0, 1000, &at) ||
        !read_value(diags, row, value_node, &value))
        return false;
    *out = make(keep, row, value);
    out->at = (uint32_t)at;
    return true;
}

/* ---- sweeps ---- */

static bool add_trouble(struct diags *diags, struct arena *keep, const struct node *item,
                        unsigned who, struct sweep *out)
{
    const struct node *node = NULL;
    uint64_t first = 0, last;
    const struct trouble_row *row = find_row(diags, item, who, &node);
    if (row == NULL)
        return false;
    if (node_get(item, "at") != NULL)
        return diag_error(diags, item->at, "a sweep goes through all commands: leave 'at' out");
    bool many = row->most != 0 && field_range(keep, node_text(node), &first, &last) &&
                first <= last && last <= row->most;
    if (!many && !read_value(diags, row, node, &first))
        return false;
    for (last = many ? last : first; first <= last; first++) {
        if (out->trouble_count == SWEEP_TROUBLES_MAX)
            return diag_error(diags, item->at,
                              "a sweep has at most %d troubles (SWEEP_TROUBLES_MAX)",
                              SWEEP_TROUBLES_MAX);
        out->troubles[out->trouble_count++] = make(keep, row, first);
    }
    return true;
}

static bool read_troubles(struct diags *diags, struct arena *keep, const struct node *list,
                          struct sweep *out)
{
    bool by_card = strcmp(list->key, "card") == 0, ok = true;
    if (list->kind == NODE_LIST && list->count == 0)
        return diag_error(diags, list->at,
                          "the list is empty: the sweep has nothing to go through");
    if (list->kind != NODE_LIST)
        return field_wrong(diags, list, list->key,
                           "a list such as [{status: 0x6F00}, {cut: 0..2}]");
    out->faults[out->fault_count++] = by_card ? SWEEP_CARD : SWEEP_PCSC;
    out->troubles = arena_array(keep, struct trouble, SWEEP_TROUBLES_MAX);
    for (const struct node *item = list->first; item != NULL; item = item->next)
        ok = add_trouble(diags, keep, item, by_card ? CARD : PCSC, out) && ok;
    return ok;
}

static bool add_fail(struct diags *diags, const struct node *node, struct sweep *out)
{
    const char *text = node_text(node);
    for (size_t i = 0; i < SWEEP_FAULTS; i++) {
        bool named =
            sweep_fault_words[i] != NULL && text != NULL && strcmp(sweep_fault_words[i], text) == 0;
        for (size_t k = 0; named && k < out->fault_count; k++)
            if (out->faults[k] == (enum sweep_fault)i)
                return diag_error(diags, node->at, "'%s' is here twice", text);
        if (named) {
            out->faults[out->fault_count++] = (enum sweep_fault)i;
            return true;
        }
    }
    return field_wrong(diags, node, "fail", "CspAlloc, CspReAlloc, malloc or a list of them");
}

static bool read_fail(struct diags *diags, const struct node *node, struct sweep *out)
{
    bool ok = true;
    if (node->kind != NODE_LIST)
        return add_fail(diags, node, out);
    if (node->count == 0)
        return diag_error(diags, node->at,
                          "the list is empty: the sweep has nothing to go through");
    for (const struct node *item = node->first; item != NULL; item = item->next)
        ok = add_fail(diags, item, out) && ok;
    return ok;
}

bool sweep_read(struct diags *diags, struct arena *keep, const struct node *node, struct sweep *out)
{
    static const char *const keys[] = {"fail", "from_then_on", "card", "pcsc"};
    if (!fields_check(diags, node, "sweep", keys, COUNT(keys)))
        return false;
    const struct node *fail = node_get(node, "fail"), *from = node_get(node, "from_then_on");
    const struct node *list = node_get(node, "card");
    if (list == NULL)
        list = node_get(node, "pcsc");
    if (node->count != 1 + (size_t)(from != NULL) || (fail == NULL) == (list == NULL))
        return diag_error(diags, node->at, "sweep needs one of fail, card and pcsc");
    if (list != NULL && from != NULL)
        return diag_error(diags, from->key_at, "'from_then_on' goes with 'fail'");
    return field_bool(diags, from, "from_then_on", &out->from_then_on) &&
           (list != NULL ? read_troubles(diags, keep, list, out) : read_fail(diags, fail, out));
}
