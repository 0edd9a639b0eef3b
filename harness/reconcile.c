/* SPDX-License-Identifier: Apache-2.0 */
#include "reconcile.h"

#include "mdcts/cardmod.h"
#include "step_role.h"

#include <inttypes.h>
#include <string.h>

#define WORDS_MAX 64 /* of one capability; the language's tables are shorter */

struct words {
    const char *items[WORDS_MAX];
    size_t count;
};

struct comparison {
    struct arena *keep;
    const char *name;
    const struct node *declared, *found; /* both sides whole */
    struct finding_list *out;
};

static bool word_is(const struct node *row, const char *key, const char *word)
{
    const char *text = node_get_text(row, key);
    return text != NULL && strcmp(text, word) == 0;
}

/* Whether probing could enter the PIN of the first container that agrees: the user's, or another.
 */
static bool had_pin(const struct node *found)
{
    const struct node *roles = node_get(found, "pin_roles"), *list = node_get(found, "containers");
    const struct node *row = list == NULL ? NULL : list->first;
    while (row != NULL && !word_is(row, "use", "agree"))
        row = row->next;
    for (const struct node *role = roles == NULL ? NULL : roles->first; role != NULL;
         role = role->next)
        if (node_text(role) != NULL && strcmp(node_text(role), role_name(container_role(row))) == 0)
            return true;
    return false;
}

/* ---- findings ---- */

static void report(struct comparison *c, enum outcome outcome, const char *expected,
                   const char *observed)
{
    struct finding finding = {.outcome = outcome, .expected = expected, .observed = observed};
    finding_add(c->keep, c->out, &finding);
}

/* The code that it was refused with; NULL: probing has none. */
static const char *refusal(const struct comparison *c, const char *what)
{
    const struct node *map = node_get(node_get(c->found, "refused"), c->name);
    const char *code = node_get_text(map, what);
    /* A switch is refused under the name of its flag. */
    return code == NULL && map != NULL && strcmp(what, c->name) == 0 ? node_text(map->first) : code;
}

static void is_refused(struct comparison *c, const char *what)
{
    const char *code = refusal(c, what);
    report(c, OUTCOME_FAIL, arena_printf(c->keep, "%s, as the profile declares", what),
           code == NULL ? "probing was refused it"
                        : arena_printf(c->keep, "probing was refused it: %s", code));
}

static void is_undeclared(struct comparison *c, const char *what)
{
    report(c, OUTCOME_WARN, arena_printf(c->keep, "no %s, as the profile declares", what),
           "it works; cases judge it");
}

/* ---- both sides as words ---- */

static bool has_word(const struct words *words, const char *word)
{
    for (size_t i = 0; i < words->count; i++)
        if (strcmp(words->items[i], word) == 0)
            return true;
    return false;
}

static void add_word(struct words *words, const char *word)
{
    if (word != NULL && words->count < WORDS_MAX && !has_word(words, word))
        words->items[words->count++] = word;
}

typedef void word_reader(struct comparison *c, const struct node *node, struct words *out);

static void read_list(struct comparison *c, const struct node *node, struct words *out)
{
    (void)c;
    for (const struct node *item = node == NULL ? NULL : node->first; item != NULL;
         item = item->next)
        add_word(out, node_text(item));
}

static void read_versions(struct comparison *c, const struct node *node, struct words *out)
{
    uint64_t version;
    for (const struct node *item = node == NULL ? NULL : node->first; item != NULL;
         item = item->next)
        if (node_to_uint(item, &version))
            add_word(out, arena_printf(c->keep, "version %" PRIu64, version));
}

static void read_switch(struct comparison *c, const struct node *node, struct words *out)
{
    bool on = false;
    if (node != NULL && node_to_bool(node, &on) && on)
        add_word(out, c->name);
}

static void read_output(struct comparison *c, const struct node *node, struct words *out)
{
    const char *said = node_text(node);
    (void)c;
    if (said == NULL)
        return;
    if (strcmp(said, "caller") != 0)
        add_word(out, "blocks of the driver's own");
    if (strcmp(said, "callee") != 0)
        add_word(out, "the caller's buffer");
}

static void compare_sets(struct comparison *c, const struct words *want, const struct words *have)
{
    for (size_t i = 0; i < want->count; i++)
        if (!has_word(have, want->items[i]))
            is_refused(c, want->items[i]);
    for (size_t i = 0; i < have->count; i++)
        if (!has_word(want, have->items[i]))
            is_undeclared(c, have->items[i]);
}

static void compare_words(struct comparison *c, word_reader *read, const struct node *declared,
                          const struct node *found)
{
    struct words want = {.count = 0}, have = {.count = 0};
    read(c, declared, &want);
    read(c, found, &have);
    compare_sets(c, &want, &have);
}

/* ---- numbers and containers ---- */

static void compare_agreements(struct comparison *c, const struct node *declared,
                               const struct node *found)
{
    uint64_t want = 0, have = 0;
    node_to_uint(declared, &want);
    if (found != NULL)
        node_to_uint(found, &have);
    if (want > PROBE_AGREEMENTS_MAX)
        want = PROBE_AGREEMENTS_MAX;
    if (want == have)
        return;
    report(c, have < want ? OUTCOME_FAIL : OUTCOME_WARN,
           arena_printf(c->keep, "%" PRIu64 " agreements at once, as the profile declares", want),
           arena_printf(c->keep, "%" PRIu64, have));
}

/* A driver that asks less often than declared lets keys be used that should be locked; one that
 * asks more often stops its user. */
static void compare_pin(struct comparison *c, const struct node *declared, const struct node *found)
{
    const char *want = node_text(declared), *have = node_text(found);
    if (want != NULL && have != NULL && strcmp(want, have) != 0)
        report(c, OUTCOME_FAIL,
               arena_printf(c->keep, "the PIN %s for agreements, as the profile declares", want),
               have);
}

static struct node *container_of(const struct node *list, uint64_t index)
{
    uint64_t its;
    for (struct node *row = list == NULL ? NULL : list->first; row != NULL; row = row->next)
        if (node_to_uint(node_get(row, "index"), &its) && its == index)
            return row;
    return NULL;
}

/* Curves are found as those of the containers that agree. */
static void compare_curves(struct comparison *c, const struct node *declared,
                           const struct node *containers)
{
    struct words want = {.count = 0}, have = {.count = 0};
    read_list(c, declared, &want);
    for (const struct node *row = containers == NULL ? NULL : containers->first; row != NULL;
         row = row->next)
        if (word_is(row, "use", "agree"))
            add_word(&have, node_get_text(row, "curve"));
    compare_sets(c, &want, &have);
}

/* The PIN that agreements ask for: with which one worked, else which the driver tells, and that of
 * one that they don't ask for is no matter here.
 * A key that is free though it was declared to be locked is R077's own. */
static void compare_container_pin(struct comparison *c, const char *what,
                                  const struct node *declared, const struct node *found)
{
    const char *pin = node_get_text(declared, "pin"), *told = node_get_text(found, "role");
    told = told != NULL ? told : node_get_text(found, "pin");
    bool locked = pin != NULL && strcmp(pin, "0") != 0;
    bool is_free = node_get_bool(found, "without_pin", false) && had_pin(c->found);
    bool agrees = word_is(found, "use", "agree");
    if (pin == NULL || (locked && !is_free && (told == NULL || strcmp(pin, told) == 0)) ||
        (!locked && (is_free || !agrees || !had_pin(c->found))))
        return;
    struct finding finding = {
        .requirement = locked && is_free ? "R077" : NULL,
        .outcome = OUTCOME_FAIL,
        .expected =
            locked ? arena_printf(c->keep, "%s with PIN %s, as the profile declares", what, pin)
                   : arena_printf(c->keep, "%s without a PIN, as the profile declares", what),
        .observed = is_free        ? "it agrees without a PIN"
                    : told == NULL ? "it asks for a PIN"
                                   : arena_printf(c->keep, "PIN %s", told)};
    finding_add(c->keep, c->out, &finding);
}

static void compare_container(struct comparison *c, uint64_t index, const struct node *declared,
                              const struct node *found)
{
    const char *what = arena_printf(c->keep, "container %" PRIu64, index);
    const char *curve = node_get_text(declared, "curve"), *use = node_get_text(declared, "use");
    if (found == NULL) {
        is_refused(c, what);
        return;
    }
    if (curve != NULL && !word_is(found, "curve", curve))
        is_refused(c, arena_printf(c->keep, "%s on %s", what, curve));
    compare_container_pin(c, what, declared, found);
    if (use == NULL || strcmp(use, "unknown") == 0 || word_is(found, "use", use))
        return;
    if (word_is(found, "use", "agree"))
        is_undeclared(c, arena_printf(c->keep, "agreement with %s", what));
    if (strcmp(use, "sign") != 0)
        is_refused(c, arena_printf(c->keep, "%s for '%s'", what, use));
}

static void compare_containers(struct comparison *c, const struct node *declared,
                               const struct node *found)
{
    uint64_t index;
    for (const struct node *row = declared->first; row != NULL; row = row->next)
        if (node_to_uint(node_get(row, "index"), &index))
            compare_container(c, index, row, container_of(found, index));
    for (const struct node *row = found == NULL ? NULL : found->first; row != NULL; row = row->next)
        if (node_to_uint(node_get(row, "index"), &index) && container_of(declared, index) == NULL)
            is_undeclared(c, arena_printf(c->keep, "container %" PRIu64, index));
}

/* ---- the capabilities ---- */

static const struct capability {
    const char *name, *found;
    bool needs_pin; /* probing it enters the user's PIN */
    word_reader *read;
    void (*compare)(struct comparison *c, const struct node *declared, const struct node *found);
} rows[] = {
    {"versions", "driver_versions", false, read_versions, NULL},
    {"containers", "containers", true, NULL, compare_containers},
    {"curves", "containers", true, NULL, compare_curves},
    {"dh", "dh", false, read_switch, NULL},
    {"agreements", "agreements", true, NULL, compare_agreements},
    {"kdfs", "kdfs", true, read_list, NULL},
    {"hashes", "hashes", true, read_list, NULL},
    {"hmac_secret", "hmac_secret", true, read_switch, NULL},
    {"secret_handles", "secret_handles", true, read_switch, NULL},
    {"key_handles", "key_handles", true, read_switch, NULL},
    {"output", "output", true, read_output, NULL},
    {"size_only", "size_only", true, read_switch, NULL},
    {"pin", "pin", true, NULL, compare_pin},
    {"pin_roles", "driver_pin_roles", false, read_list, NULL},
    {"deauthenticate", "deauthenticate", true, read_switch, NULL},
    {"no_card_mode", "no_card_mode", false, read_switch, NULL},
};
enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

const char *reconcile_name(size_t n)
{
    return n < ROW_COUNT ? rows[n].name : NULL;
}

bool reconcile_compare(struct arena *keep, const char *name, const struct node *declared,
                       const struct node *found, struct finding_list *out)
{
    struct comparison c = {keep, name, declared, found, out};
    const struct node *said = node_get(declared, name);
    for (size_t i = 0; i < ROW_COUNT && said != NULL && found != NULL; i++) {
        if (strcmp(rows[i].name, name) != 0 || (rows[i].needs_pin && !had_pin(found)))
            continue;
        const struct node *seen = node_get(found, rows[i].found);
        if (rows[i].compare != NULL)
            rows[i].compare(&c, said, seen);
        else
            compare_words(&c, rows[i].read, said, seen);
        return true;
    }
    return false;
}

bool reconcile_answers(struct arena *keep, const char *name, const struct node *found,
                       struct finding_list *out)
{
    bool any = false;
    const struct node *list = node_get(found, "answered_wrongly");
    for (const struct node *one = list == NULL ? NULL : list->first; one != NULL; one = one->next) {
        const char *requirement = node_get_text(one, "requirement");
        if (!word_is(one, "capability", name) || requirement == NULL)
            continue;
        struct finding finding = {.requirement = requirement,
                                  .outcome = node_get_bool(one, "warn", false) ? OUTCOME_WARN
                                                                               : OUTCOME_FAIL,
                                  .expected = node_get_text(one, "expected"),
                                  .observed = node_get_text(one, "observed")};
        finding_add(keep, out, &finding);
        any = true;
    }
    return any;
}

/* Whether the profile says that the container's key asks for a PIN; what it says of agreements is
 * about the first container that agrees. */
static bool is_declared_locked(const struct node *declared, const struct node *row,
                               const struct node *seen, const struct node *list)
{
    const char *pin = node_get_text(row, "pin"), *often = node_get_text(declared, "pin");
    const struct node *first = list == NULL ? NULL : list->first;
    while (first != NULL && !word_is(first, "use", "agree"))
        first = first->next;
    if (pin != NULL)
        return strcmp(pin, "0") != 0;
    return often != NULL && strcmp(often, "never") != 0 && seen == first;
}

static void adopt_pins(struct arena *keep, const struct node *declared, struct node *list)
{
    const struct node *said = node_get(declared, "containers");
    uint64_t index;
    for (struct node *seen = list == NULL ? NULL : list->first; seen != NULL; seen = seen->next) {
        const struct node *row =
            node_to_uint(node_get(seen, "index"), &index) ? container_of(said, index) : NULL;
        if (is_declared_locked(declared, row, seen, list))
            node_add(seen, "pin_declared", node_new_bool(keep, true));
        if (node_get_uint(row, "pin", ROLE_EVERYONE) != ROLE_EVERYONE)
            node_add(seen, "role_declared",
                     node_new_uint(keep, node_get_uint(row, "pin", ROLE_USER)));
    }
}

void reconcile_adopt(struct arena *keep, const struct node *declared, struct node *found)
{
    const struct node *said = node_get(declared, "containers");
    struct node *list = node_get(found, "containers");
    uint64_t index;
    for (const struct node *row = said == NULL ? NULL : said->first; row != NULL; row = row->next) {
        struct node *seen =
            node_to_uint(node_get(row, "index"), &index) ? container_of(list, index) : NULL;
        struct node *use = seen == NULL ? NULL : node_get(seen, "use");
        if (use != NULL && word_is(row, "use", "sign") && word_is(seen, "use", "unknown"))
            use->text = arena_strdup(keep, "sign");
    }
    adopt_pins(keep, declared, list);
}
