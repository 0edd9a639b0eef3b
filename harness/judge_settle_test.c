/* SPDX-License-Identifier: Apache-2.0 */
#include "judge_fixture.h"

#include "judge_settle.h"
#include "judge_suspect.h"

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

/* A case with one finding of its own requirement. */
struct told {
    struct suspect suspect;
    struct finding finding;
    struct case_result result;
};

static void tell(struct told *told, const char *requirement, const char *suspected,
                 struct tally *tally)
{
    *told = (struct told){.suspect = {suspected, tally}};
    told->finding = (struct finding){.requirement = requirement,
                                     .outcome = OUTCOME_FAIL,
                                     .observed = "seen",
                                     .suspects = &told->suspect,
                                     .suspect_count = suspected == NULL ? 0 : 1};
    told->result = (struct case_result){.requirement = requirement,
                                        .verdict = VERDICT_FAIL,
                                        .findings = &told->finding,
                                        .finding_count = 1,
                                        .findings_total = 1};
}

static void settle_two(struct told *first, struct told *second)
{
    static const struct shared_endings none;
    static const struct watch nothing;
    struct arena arena = {0};
    struct case_result *all[] = {&first->result, &second->result};
    settle_cases(&arena, all, 2, &none, &nothing);
    arena_free(&arena);
}

/* R063's only failure is R064's, so it shows nothing about R063. */
static void test_settle__a_borrowed_failure_blocks_nobody(void **state)
{
    static const struct shared_endings none;
    static const struct watch nothing;
    struct arena arena = {0};
    struct told owner, borrowed, one;
    (void)state;
    tell(&owner, "R064", NULL, NULL);
    tell(&borrowed, "R063", "R064", NULL);
    tell(&one, "R152", "R063", NULL);
    struct case_result *all[] = {&one.result, &borrowed.result, &owner.result};
    settle_cases(&arena, all, 3, &none, &nothing);
    assert_int_equal(owner.result.verdict, VERDICT_FAIL);
    assert_int_equal(borrowed.result.verdict, VERDICT_BLOCKED);
    assert_int_equal(one.result.verdict, VERDICT_FAIL);
    arena_free(&arena);
}

static void test_settle__two_that_suspect_each_other(void **state)
{
    struct told first, second;
    (void)state;
    tell(&first, "R137", "R091", NULL);
    tell(&second, "R091", "R137", NULL);
    settle_two(&first, &second);
    assert_true(first.result.verdict == VERDICT_FAIL || second.result.verdict == VERDICT_FAIL);
}

static void test_settle__what_went_right_once_is_no_cause(void **state)
{
    struct told owner, one;
    struct tally tally = {.name = "HASH"}, other = {.name = "HMAC"};
    (void)state;
    tell(&owner, "R152", "R152", &tally);
    tell(&one, "R157", "R152", &tally);
    settle_two(&owner, &one);
    assert_int_equal(one.result.verdict, VERDICT_BLOCKED);
    assert_string_equal(one.result.blocked_by, "R152");
    tell(&one, "R157", "R152", &other);
    settle_two(&owner, &one);
    assert_int_equal(one.result.verdict, VERDICT_FAIL);
    tally.right = 1;
    tell(&one, "R157", "R152", &tally);
    settle_two(&owner, &one);
    assert_int_equal(one.result.verdict, VERDICT_FAIL);
}

static void test_settle__a_warning_explains_no_failure(void **state)
{
    struct told owner, one;
    (void)state;
    tell(&owner, "R202", NULL, NULL);
    owner.finding.outcome = OUTCOME_WARN;
    owner.result.verdict = VERDICT_WARN;
    tell(&one, "R193", "R202", NULL);
    settle_two(&owner, &one);
    assert_int_equal(one.result.verdict, VERDICT_FAIL);
}

/* A block that is too small is overrun wherever it is used. */
static void test_settle__what_an_invariant_saw_is_told_once(void **state)
{
    static const struct shared_endings none;
    struct arena arena = {0};
    struct watch watch = {.count = 1};
    struct told own, one, other;
    (void)state;
    watch.items[0] = (struct watched){.requirement = "R216", .worst = OUTCOME_FAIL};
    tell(&own, "R216", NULL, NULL);
    tell(&one, "R216", NULL, NULL);
    one.result.requirement = "R152";
    tell(&other, "R128", NULL, NULL);
    other.result.requirement = "R152";
    struct case_result *all[] = {&own.result, &one.result, &other.result};
    settle_cases(&arena, all, 3, &none, &watch);
    assert_int_equal(own.result.verdict, VERDICT_FAIL);
    assert_int_equal(one.result.verdict, VERDICT_BLOCKED);
    assert_string_equal(one.result.blocked_by, "R216");
    assert_int_equal(other.result.verdict, VERDICT_FAIL);
    tell(&one, "R216", NULL, NULL);
    one.result.requirement = "R152";
    settle_cases(&arena, all + 1, 2, &none, &watch);
    assert_int_equal(one.result.verdict, VERDICT_FAIL); /* no case about R216 shows it */
    arena_free(&arena);
}

/* By the plain call's crash only those are blocked that crashed as it did. */
static void test_settle__the_plain_call_crashes(void **state)
{
    struct arena arena = {0};
    struct finding shared = {.requirement = "R010", .observed = "seen"};
    struct shared_endings endings = {.count = 1};
    static const struct watch nothing;
    struct told own, one, other;
    (void)state;
    endings.items[0] =
        (struct shared_ending){.requirement = "R010", .findings = {.items = &shared, .count = 1}};
    tell(&own, "R010", NULL, NULL);
    tell(&one, "R022", NULL, NULL);
    tell(&other, "R028", NULL, NULL);
    other.finding.observed = "seen elsewhere";
    own.result.verdict = one.result.verdict = other.result.verdict = VERDICT_CRASH;
    struct case_result *all[] = {&own.result, &one.result, &other.result};
    settle_cases(&arena, all, 3, &endings, &nothing);
    assert_int_equal(own.result.verdict, VERDICT_BLOCKED);
    assert_int_equal(one.result.verdict, VERDICT_BLOCKED);
    assert_string_equal(one.result.blocked_by, "R010");
    assert_int_equal(other.result.verdict, VERDICT_CRASH);
    arena_free(&arena);
}

/* The same write into a block that was given back, wherever a case made it. */
static void test_settle__the_same_crash_at_another_block(void **state)
{
    struct arena arena = {0};
    struct finding shared = {.requirement = "R216",
                             .observed = "write of offset 0 of block 1, freed in step 4 (f)"};
    struct shared_endings endings = {.count = 1};
    static const struct watch nothing;
    struct told own, one, other;
    (void)state;
    endings.items[0] =
        (struct shared_ending){.requirement = "R216", .findings = {.items = &shared, .count = 1}};
    tell(&own, "R216", NULL, NULL);
    tell(&one, "R254", NULL, NULL);
    tell(&other, "R058", NULL, NULL);
    own.finding.observed = "write of offset 0 of block 2, freed in step 5 (f)";
    one.finding.observed = "write of offset 0 of block 200, freed in step 12 (f)";
    other.finding.observed = "write of offset 8 of block 1, freed in step 4 (f)";
    own.result.verdict = one.result.verdict = other.result.verdict = VERDICT_CRASH;
    struct case_result *all[] = {&own.result, &one.result, &other.result};
    settle_cases(&arena, all, 3, &endings, &nothing);
    assert_int_equal(own.result.verdict, VERDICT_BLOCKED);
    assert_int_equal(one.result.verdict, VERDICT_BLOCKED);
    assert_int_equal(other.result.verdict, VERDICT_CRASH);
    arena_free(&arena);
}

static void test_settle__a_crash_of_its_own(void **state)
{
    struct arena arena = {0};
    struct finding shared = {.requirement = "R127", .observed = "seen"};
    struct shared_endings endings = {.count = 1};
    static const struct watch nothing;
    struct told one;
    (void)state;
    endings.items[0] =
        (struct shared_ending){.requirement = "R127", .findings = {.items = &shared, .count = 1}};
    tell(&one, "R116", NULL, NULL);
    one.result.verdict = VERDICT_CRASH;
    struct case_result *all[] = {&one.result};
    settle_cases(&arena, all, 1, &endings, &nothing);
    assert_int_equal(one.result.verdict, VERDICT_CRASH);
    arena_free(&arena);
}

static void test_settle__two_keys_of_one_step_are_blocked_together(void **state)
{
    static const struct shared_endings none;
    static const struct watch nothing;
    struct arena arena = {0};
    struct told first, second;
    struct suspect suspects[2] = {{"R063", NULL}, {"R064", NULL}};
    struct finding own[2] = {{.requirement = "R152", .outcome = OUTCOME_FAIL},
                             {.requirement = "R152", .outcome = OUTCOME_FAIL}};
    struct case_result one = {.requirement = "R152",
                              .verdict = VERDICT_FAIL,
                              .findings = own,
                              .finding_count = 2,
                              .findings_total = 2};
    (void)state;
    tell(&first, "R063", NULL, NULL);
    tell(&second, "R064", NULL, NULL);
    for (size_t i = 0; i < 2; i++) {
        own[i].suspects = &suspects[i];
        own[i].suspect_count = 1;
        own[i].observed = "seen";
    }
    struct case_result *all[] = {&first.result, &second.result, &one};
    settle_cases(&arena, all, 3, &none, &nothing);
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
        cmocka_unit_test(test_settle__two_that_suspect_each_other),
        cmocka_unit_test(test_settle__what_went_right_once_is_no_cause),
        cmocka_unit_test(test_settle__a_warning_explains_no_failure),
        cmocka_unit_test(test_settle__what_an_invariant_saw_is_told_once),
        cmocka_unit_test(test_settle__the_plain_call_crashes),
        cmocka_unit_test(test_settle__the_same_crash_at_another_block),
        cmocka_unit_test(test_settle__a_crash_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
