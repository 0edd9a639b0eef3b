/* SPDX-License-Identifier: Apache-2.0 */
#include "judge_fixture.h"

#include "judge_settle.h"

#include <string.h>

/* SHA-256 of the secret with its bytes reversed: breaks R063. */
#define REVERSED_KEY "c4225db834061e100da5b2ab8411a49e31a5bc6c11d1fdea510b0926ebaa12ab"
#define NO_KEY       "00225db834061e100da5b2ab8411a49e31a5bc6c11d1fdea510b0926ebaa12ab"
#define STEPS        SETUP_STEPS "," STEP_DERIVE("{'return':'SCARD_S_SUCCESS','key':'oracle'}")

static const struct settle_row {
    const char *name;
    const char *requirement[2], *key[2]; /* of the first case and the second */
    const char *expected;
} settle_rows[] = {
    {"the owner failed before",
     {"R063", "R152"},
     {REVERSED_KEY, REVERSED_KEY},
     "case FAIL R063:FAIL; other BLOCKED by R063"},
    {"the owner fails afterwards",
     {"R152", "R063"},
     {REVERSED_KEY, REVERSED_KEY},
     "case BLOCKED by R063; other FAIL R063:FAIL"},
    {"the owner failed with a key of no known secret",
     {"R063", "R152"},
     {NO_KEY, REVERSED_KEY},
     "case FAIL R063:FAIL; other BLOCKED by R063"},
    {"the owner passed",
     {"R063", "R152"},
     {KEY_SHA256, REVERSED_KEY},
     "case PASS; other FAIL R152:FAIL"},
    {"the owner has no case",
     {"R152", "R095"},
     {REVERSED_KEY, REVERSED_KEY},
     "case FAIL R152:FAIL; other FAIL R095:FAIL"},
    {"a waiver of the case's own requirement doesn't count where it is blocked",
     {"R242", "R063"},
     {REVERSED_KEY, REVERSED_KEY},
     "case BLOCKED by R063; other FAIL R063:FAIL"},
    {"a waiver of the case's own requirement",
     {"R242", "R063"},
     {REVERSED_KEY, KEY_SHA256},
     "case WAIVED R242:FAIL"},
};

/* The setup, and a derivation that gives the key. */
static const char *events_of(struct arena *arena, const char *key, bool second)
{
    char *text = arena_printf(
        arena,
        "%s" CALL(4, "CardDeriveKey", DERIVE_ARGS(SHA256_PARAMETER))
            EVENT(4, "'e':'alloc','block':9,'size':32")
                RETURN(4, 0,
                       "'cbDerivedKey':32,'pbDerivedKey':{'block':9,'size':32,'offset':0},"
                       "'key':'%s'") END,
        BEGIN SETUP_EVENTS, key);
    for (char *at = text; second && (at = strstr(at, "'c':0")) != NULL;)
        at[4] = '1';
    return text;
}

static const char *judged(struct arena *arena, const struct settle_row *row)
{
    struct results results;
    struct judge_row first = {.requirement = row->requirement[0], .steps = STEPS};
    first.events = arena_printf(arena,
                                "{'case':{'n':1,'id':'other','base':'other','requirement':'%s',"
                                "'about':'A test.','file':'a.yaml','line':9,'fixture_steps':0,"
                                "'steps':[" STEPS "]}}\n%s%s",
                                row->requirement[1], events_of(arena, row->key[0], false),
                                events_of(arena, row->key[1], true));
    const char *text = judge_text(arena, &first, "{'end':{'complete':true,'cases':2}}\n");
    assert_int_equal(judge_a_text(arena, text, &results), JUDGE_OK);
    return judge_summary(arena, &results);
}

static void test_settle__the_owner_of_a_wrong_secret(void **state)
{
    bool ok = true;
    (void)state;
    for (size_t i = 0; i < sizeof settle_rows / sizeof settle_rows[0]; i++) {
        struct arena arena = {0};
        const struct settle_row *row = &settle_rows[i];
        const char *summary = judged(&arena, row);
        if (strcmp(summary, row->expected) != 0) {
            ok = false;
            print_error("%s:\n  expected %s\n  got      %s\n", row->name, row->expected, summary);
        }
        arena_free(&arena);
    }
    assert_true(ok);
}

/* R063's only failure is said to be R064's, so it shows nothing about R063. */
static void test_settle__a_borrowed_failure_blocks_nobody(void **state)
{
    struct arena arena = {0};
    struct finding borrowed = {.requirement = "R063", .outcome = OUTCOME_FAIL, .fault_of = "R064"};
    struct finding own[2] = {{.requirement = "R152", .outcome = OUTCOME_FAIL, .fault_of = "R063"}};
    struct case_result owner = {.requirement = "R063", .verdict = VERDICT_FAIL};
    struct case_result one = {.requirement = "R152", .verdict = VERDICT_FAIL};
    const struct case_result *all[] = {&owner, &one};
    (void)state;
    owner.findings = &borrowed;
    one.findings = own;
    owner.finding_count = one.finding_count = 1;
    settle_secret(&one, all, 2, &arena);
    assert_int_equal(one.verdict, VERDICT_FAIL);
    borrowed.fault_of = NULL;
    settle_secret(&one, all, 2, &arena);
    assert_int_equal(one.verdict, VERDICT_BLOCKED);
    assert_string_equal(one.blocked_by, "R063");
    arena_free(&arena);
}

static void test_settle__two_keys_of_one_step_are_blocked_together(void **state)
{
    struct arena arena = {0};
    struct finding first = {.requirement = "R063", .outcome = OUTCOME_FAIL};
    struct finding second = {.requirement = "R064", .outcome = OUTCOME_FAIL};
    struct finding own[2] = {{.requirement = "R152", .outcome = OUTCOME_FAIL, .fault_of = "R063"},
                             {.requirement = "R152", .outcome = OUTCOME_FAIL, .fault_of = "R064"}};
    struct case_result owners[2] = {
        {.requirement = "R063", .verdict = VERDICT_FAIL, .findings = &first, .finding_count = 1},
        {.requirement = "R064", .verdict = VERDICT_FAIL, .findings = &second, .finding_count = 1}};
    struct case_result one = {.requirement = "R152",
                              .verdict = VERDICT_FAIL,
                              .findings = own,
                              .finding_count = 2,
                              .findings_total = 2};
    const struct case_result *all[] = {&owners[0], &owners[1], &one};
    (void)state;
    settle_secret(&one, all, 3, &arena);
    assert_int_equal(one.finding_count, 0);
    assert_int_equal(one.verdict, VERDICT_BLOCKED);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settle__the_owner_of_a_wrong_secret),
        cmocka_unit_test(test_settle__two_keys_of_one_step_are_blocked_together),
        cmocka_unit_test(test_settle__a_borrowed_failure_blocks_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
