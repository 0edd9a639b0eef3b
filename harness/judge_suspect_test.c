/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "judge_suspect.h"

#include "mdcts/cng.h"
#include "mdcts/status.h"

#include <stdio.h>

#define CALLS      4
#define NO_ANSWER  UINT64_MAX
#define TEXT_BYTES 128

#define CONSTRUCT "CardConstructDHAgreement"
#define DERIVE    "CardDeriveKey"
#define DESTROY   "CardDestroyDHAgreement"
#define DELETE    "CardDeleteContext"

/* One agreement with index row.index in the context "main", made by the first call; then these. */
struct made {
    const char *entry, *context;
    uint64_t index, answer; /* answer: 1-based, 0: none */
    uint32_t status;
    const char *key; /* hexadecimal; NULL: none */
};

struct row {
    const char *label;
    uint64_t index;
    struct made calls[CALLS]; /* the last one is asked about */
    const char *wanted;
    uint64_t ended; /* by that call; 0: none */
    bool handle;    /* the last call has a secret handle among its parameters */
};

struct scene {
    struct arena arena;
    struct tallies tallies;
    struct judge_facts facts;
    struct case_record record;
    struct call_record *calls[CALLS + 1];
    struct agreement agreement;
    struct step_view view;
};

static struct node *args_of(struct arena *arena, const struct made *made, bool handle)
{
    struct node *args = node_new_map(arena), *list = node_new_list(arena);
    struct node *one = node_new_map(arena);
    node_add(args, "agreement", node_new_string(arena, made->index < 2 ? "$z" : "$other"));
    node_add(args, "index", node_new_uint(arena, made->index));
    node_add(args, "kdf", node_new_string(arena, "HASH"));
    node_add(one, "type", node_new_uint(arena, KDF_SECRET_HANDLE));
    if (handle)
        node_append(list, one);
    node_add(args, "parameters", list);
    return args;
}

static void add_call(struct scene *scene, const struct made *made, bool handle)
{
    struct call_record *call = arena_new(&scene->arena, struct call_record);
    struct node *out = node_new_map(&scene->arena);
    if (made->key != NULL)
        node_add(out, "key", node_new_string(&scene->arena, made->key));
    *call = (struct call_record){.order = scene->record.call_count + 1,
                                 .entry = made->entry,
                                 .context = made->context,
                                 .returned = true,
                                 .status = made->status,
                                 .out = out,
                                 .args = args_of(&scene->arena, made, handle),
                                 .answer = made->answer == 0 ? NO_ANSWER : made->answer - 1};
    call->events[EVENT_GET_DH_AGREEMENT] = made->answer != 0;
    scene->calls[scene->record.call_count++] = call;
    scene->view.call = call;
}

static void start(struct scene *scene, const struct row *row)
{
    const struct made construct = {CONSTRUCT, "main", row->index, 0, 0, NULL};
    *scene = (struct scene){.facts = {.keep = &scene->arena, .tallies = &scene->tallies}};
    scene->record.calls = scene->calls;
    scene->view.facts = &scene->facts;
    scene->view.record = &scene->record;
    add_call(scene, &construct, false);
    scene->agreement = (struct agreement){.name = "z",
                                          .call = scene->calls[0],
                                          .index = row->index,
                                          .ended = row->ended ? row->ended : UINT64_MAX};
    scene->record.agreements = &scene->agreement;
    scene->record.agreement_count = 1;
    for (size_t i = 0; i < CALLS && row->calls[i].entry != NULL; i++) {
        bool last = i + 1 == CALLS || row->calls[i + 1].entry == NULL;
        add_call(scene, &row->calls[i], last && row->handle);
    }
}

static void end(struct scene *scene)
{
    arena_free(&scene->record.arena);
    arena_free(&scene->arena);
}

static const char *text_of(const struct suspects *suspects)
{
    static char text[TEXT_BYTES];
    size_t len = 0;
    text[0] = '\0';
    for (size_t i = 0; i < suspects->count; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%s", i == 0 ? "" : " ",
                                suspects->items[i].requirement);
    return text;
}

static const struct row rows[] = {
    {"nothing came before", 1, {{DERIVE, "main", 1, 0, 1, NULL}}, "", 0, false},
    {"a derivation did",
     1,
     {{DERIVE, "main", 1, 0, 0, NULL}, {DERIVE, "main", 1, 0, 1, NULL}},
     "R137",
     0,
     false},
    {"a refused derivation did",
     1,
     {{DERIVE, "main", 1, 0, 1, NULL}, {DERIVE, "main", 1, 0, 1, NULL}},
     "",
     0,
     false},
    {"a derivation from another one did",
     1,
     {{DERIVE, "main", 2, 0, 0, NULL}, {DERIVE, "main", 1, 0, 1, NULL}},
     "",
     0,
     false},
    {"it was an answer",
     1,
     {{DERIVE, "main", 2, 2, 0, NULL}, {DERIVE, "main", 1, 0, 1, NULL}},
     "R211",
     0,
     false},
    {"another one was destroyed",
     1,
     {{DESTROY, "main", 2, 0, 0, NULL}, {DERIVE, "main", 1, 0, 1, NULL}},
     "R200",
     0,
     false},
    {"one of another context was destroyed",
     1,
     {{DESTROY, "other", 1, 0, 0, NULL}, {DERIVE, "main", 1, 0, 1, NULL}},
     "",
     0,
     false},
    {"another context was deleted",
     1,
     {{DELETE, "other", 1, 0, 0, NULL}, {DESTROY, "main", 1, 0, 1, NULL}},
     "R055",
     0,
     false},
    {"it had ended",
     1,
     {{DERIVE, "main", 1, 0, 0, NULL},
      {DESTROY, "main", 1, 0, 0, NULL},
      {DERIVE, "main", 1, 0, 1, NULL}},
     "",
     3,
     false},
    {"a high index, derived from",
     128,
     {{DERIVE, "main", 128, 0, 1, NULL}},
     "R202 R127 R091",
     0,
     false},
    {"a high index, destroyed", 128, {{DESTROY, "main", 128, 0, 1, NULL}}, "R202 R193", 0, false},
    {"index 0, derived from", 0, {{DERIVE, "main", 0, 0, 1, NULL}}, "R202 R127 R091", 0, false},
    {"index 0, destroyed", 0, {{DESTROY, "main", 0, 0, 1, NULL}}, "R202 R193", 0, false},
    {"a low index", 127, {{DESTROY, "main", 127, 0, 1, NULL}}, "", 0, false},
    {"a handle that nobody asked for", 1, {{DERIVE, "main", 1, 0, 0, NULL}}, "R205", 0, true},
    {"a handle that was asked for", 1, {{DERIVE, "main", 1, 2, 0, NULL}}, "", 0, true},
};

static void test_suspects_of_call__what_came_before(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scene scene;
        start(&scene, &rows[i]);
        struct suspects found = suspects_of_call(&scene.view);
        if (strcmp(text_of(&found), rows[i].wanted) != 0)
            fail_msg("%s: '%s' instead of '%s'", rows[i].label, text_of(&found), rows[i].wanted);
        end(&scene);
    }
}

/* How often something went right that a suspect has in common with the call. */
static uint64_t right_of(const struct suspects *suspects, const char *requirement)
{
    for (size_t i = 0; i < suspects->count; i++)
        if (strcmp(suspects->items[i].requirement, requirement) == 0)
            return suspects->items[i].tally->right;
    fail_msg("no suspect %s", requirement);
    return 0;
}

static void test_suspects_note_call__a_high_index_that_worked(void **state)
{
    static const struct row row = {
        "", 200, {{DERIVE, "main", 200, 0, 0, NULL}, {DESTROY, "main", 200, 0, 1, NULL}},
        "", 0,   false};
    struct scene scene;
    (void)state;
    start(&scene, &row);
    struct suspects found = suspects_of_call(&scene.view);
    assert_int_equal(right_of(&found, "R193"), 0);
    suspects_note_call(&scene.facts, &scene.record, scene.calls[2]); /* was refused */
    assert_int_equal(right_of(&found, "R193"), 0);
    suspects_note_call(&scene.facts, &scene.record, scene.calls[1]);
    assert_int_equal(right_of(&found, "R193"), 1);
    end(&scene);
}

static void test_suspects_of_key__what_keys_have_in_common(void **state)
{
    static const struct row row = {
        "", 0, {{DERIVE, "main", 0, 0, 0, "0102"}, {DERIVE, "main", 0, 0, 0, "0102"}},
        "", 0, false};
    static const uint8_t same[] = {1, 2}, other[] = {3, 4};
    struct scene scene;
    const char *words = NULL;
    (void)state;
    start(&scene, &row);
    struct suspects found = suspects_of_key(&scene.view, (struct bytes){same, sizeof same}, &words);
    assert_null(words);
    assert_string_equal(text_of(&found), "R063 R152 R152 R152 R135 R137");
    assert_int_equal(right_of(&found, "R063"), 0);
    suspects_note_right(&scene.view);
    assert_int_equal(right_of(&found, "R063"), 1);
    assert_int_equal(right_of(&found, "R152"), 1);
    found = suspects_of_key(&scene.view, (struct bytes){other, sizeof other}, &words);
    assert_string_equal(text_of(&found), "R063 R152 R152 R152 R137");
    end(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_suspects_of_call__what_came_before),
        cmocka_unit_test(test_suspects_note_call__a_high_index_that_worked),
        cmocka_unit_test(test_suspects_of_key__what_keys_have_in_common),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
