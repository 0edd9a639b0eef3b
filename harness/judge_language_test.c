/* SPDX-License-Identifier: Apache-2.0 */
/* What the case language says about judging: caps and tolerated codes, conditions, blocks,
 * balances. */
#include "judge_fixture.h"

/* 2148532230 is SCARD_E_NO_MEMORY, 2148532255 SCARD_E_UNEXPECTED. */
#define DERIVED(s, status, out) DONE(s, "CardDeriveKey", DERIVE_ARGS(SHA256_PARAMETER), status, out)
#define KEY_OUT(hex)                                                                               \
    "'cbDerivedKey':32,'pbDerivedKey':{'block':9,'size':32,'offset':0},'key':'" hex "'"
#define WRONG_KEY "00000000000000000000000000000000000000000000000000000000000000aa"

static void test_judge__worst_caps_all_but_a_wrong_key(void **state)
{
    static const char noted[] =
        SETUP_STEPS "," STEP_DERIVE("{'return':'success','key':'oracle','worst':'INFO'}");
    static const struct judge_row rows[] = {
        {"a refusal is noted", "R173", noted, BEGIN SETUP_EVENTS DERIVED(4, 2148532255, "") END,
         "case INFO R173:INFO"},
        {"a wrong key is not only noted", "R173", noted,
         BEGIN SETUP_EVENTS DERIVED(4, 0, KEY_OUT(WRONG_KEY)) END, "case FAIL R173:FAIL"},
        {"what never returns is noted", "R173", noted,
         BEGIN SETUP_EVENTS CALL(4, "CardDeriveKey", "") EVENT(4, "'e':'hang','ms':1000") END,
         "case INFO R173:INFO"},
        {"a crash is not only noted", "R173", noted,
         BEGIN SETUP_EVENTS CALL(4, "CardDeriveKey", "")
             EVENT(4, "'e':'crash','signal':11,'address':'0x0'") END,
         "case CRASH R173:FAIL"},
        {"the right key passes", "R173", noted,
         BEGIN SETUP_EVENTS DERIVED(4, 0, KEY_OUT(KEY_SHA256)) END, "case PASS"},
    };
    (void)state;
    judge_check_rows(rows, sizeof rows / sizeof rows[0]);
}

/* Container 0 is the one that agrees. */
static void test_judge__a_property_names_a_container_that_agrees(void **state)
{
    static const char steps[] =
        STEP_ACQUIRED ",{'container_property':{'container':5,'name':'Associated ECDH Key'},"
                      "'expect':{'return':'success','container':'agrees'},'line':2}";
#define NAMED(data) BEGIN ACQUIRED(1) DONE(2, "CardGetContainerProperty", "", 0, data) END
    static const struct judge_row rows[] = {
        {"it agrees", "R173", steps, NAMED("'data':'00'"), "case PASS"},
        {"it doesn't", "R173", steps, NAMED("'data':'05'"), "case FAIL R173:FAIL"},
        {"none is named", "R173", steps, NAMED(""), "case FAIL R173:FAIL"},
    };
    (void)state;
    judge_check_rows(rows, sizeof rows / sizeof rows[0]);
}

static void test_judge__warn_tolerates_named_codes(void **state)
{
    static const char tolerant[] =
        SETUP_STEPS "," STEP_DERIVE("{'return':'success','warn':['SCARD_E_NO_MEMORY']}");
    static const struct judge_row rows[] = {
        {"tolerated", "R173", tolerant, BEGIN SETUP_EVENTS DERIVED(4, 2148532230, "") END,
         "case WARN R173:WARN"},
        {"not tolerated", "R173", tolerant, BEGIN SETUP_EVENTS DERIVED(4, 2148532255, "") END,
         "case FAIL R173:FAIL"},
    };
    (void)state;
    judge_check_rows(rows, sizeof rows / sizeof rows[0]);
}

#define STEP_IF                                                                                    \
    "{'derive':{'agreement':'$z','kdf':'HASH'},'if':'$z','expect':{'return':'success'},'line':4}"
#define STEP_AFTER "{'derive':{'index':255,'kdf':'HASH'},'expect':{'return':'failure'},'line':5}"

static void test_judge__what_a_condition_leaves_out_is_not_judged(void **state)
{
    static const char steps[] = SETUP_STEPS "," STEP_IF "," STEP_AFTER;
    static const struct judge_row rows[] = {
        {"left out", "R173", steps,
         BEGIN SETUP_EVENTS EVENT(4, "'e':'not_run','why':'if $z','left_out':true")
             DERIVED(5, 2148532255, "") END,
         "case PASS"},
        {"not run for another reason", "R173", steps,
         BEGIN SETUP_EVENTS EVENT(4, "'e':'not_run','why':'the host is gone'")
             DERIVED(5, 2148532255, "") END,
         "case BROKEN"},
    };
    (void)state;
    judge_check_rows(rows, sizeof rows / sizeof rows[0]);
}

#define OTHER_PRIVATE "0000000000000000000000000000000000000000000000000000000000000005"

#define ROUND_AGREED(i, peer)                                                                      \
    EVENT(3, "'i':" #i ",'e':'call','entry':'CardConstructDHAgreement','context':'main','args':"   \
             "{'container':0,'curve':'P-256','peer_private':'" peer "'}")                          \
    EVENT(3, "'i':" #i ",'e':'return','us':1,'status':0,'out':{'bSecretAgreementIndex':" #i "}")

/* Two rounds of one step, then the derivation of the first round: $z is its own round's. */
static void test_judge__a_repeated_name_is_that_of_its_round(void **state)
{
    static const char steps[] = STEP_ACQUIRED
        "," STEP_PROVED ",{'construct':{'curve':'P-256','as':'z'},'repeat':2,'line':3},"
        "{'derive':{'agreement':'$z','kdf':'HASH','parameters':"
        "[{'KDF_HASH_ALGORITHM':'SHA256'}]},'repeat':2,"
        "'expect':{'return':'success','key':'oracle'},'line':4}";
    static const struct judge_row rows[] = {
        {"the first round's", "R173", steps,
         BEGIN ACQUIRED(1) PROVED(2) ROUND_AGREED(0, PEER_PRIVATE) ROUND_AGREED(1, OTHER_PRIVATE)
             DERIVED(4, 0, KEY_OUT(KEY_SHA256)) END,
         "case PASS"},
        {"not the last round's", "R173", steps,
         BEGIN ACQUIRED(1) PROVED(2) ROUND_AGREED(0, OTHER_PRIVATE) ROUND_AGREED(1, PEER_PRIVATE)
             DERIVED(4, 0, KEY_OUT(KEY_SHA256)) END,
         "case FAIL R173:FAIL"},
    };
    (void)state;
    judge_check_rows(rows, sizeof rows / sizeof rows[0]);
}

#define LEDGER(s, name) EVENT(s, "'e':'ledger','as':'" name "'")
#define TAKEN(s, block) EVENT(s, "'e':'alloc','block':" #block ",'size':16")
#define GIVEN(s, block) EVENT(s, "'e':'free','block':" #block ",'state':'live'")

static void test_judge__balances_are_compared_by_blocks(void **state)
{
    static const char steps[] = STEP_ACQUIRED ",{'ledger':{'as':'a'},'line':2},"
                                              "{'capabilities':{},'line':3},"
                                              "{'ledger':{'as':'b'},'line':4},"
                                              "{'relate':{'equal':['$a','$b']},'line':5}";
    static const struct judge_row rows[] = {
        {"nothing kept", "R173", steps,
         BEGIN ACQUIRED(1) LEDGER(2, "a") CALL(3, "CardQueryCapabilities", "") TAKEN(3, 1)
             GIVEN(3, 1) RETURN(3, 0, "") LEDGER(4, "b") END,
         "case PASS"},
        {"a block kept", "R173", steps,
         BEGIN ACQUIRED(1) LEDGER(2, "a") CALL(3, "CardQueryCapabilities", "") TAKEN(3, 1)
             RETURN(3, 0, "") LEDGER(4, "b") END,
         "case FAIL R173:FAIL"},
        {"a block handed out is the caller's", "R173", steps,
         BEGIN ACQUIRED(1) LEDGER(2, "a") CALL(3, "CardQueryCapabilities", "") TAKEN(3, 1)
             RETURN(3, 0, "'p':{'block':1,'size':16,'offset':0}") LEDGER(4, "b") END,
         "case PASS"},
    };
    (void)state;
    judge_check_rows(rows, sizeof rows / sizeof rows[0]);
}

/* Blocks are numbered by host: what the second process frees is not the first one's. */
static void test_judge__blocks_of_two_processes(void **state)
{
    static const char steps[] = STEP_ACQUIRED ",{'ledger':{'as':'a'},'line':2},"
                                              "{'capabilities':{},'line':3},"
                                              "{'ledger':{'as':'b'},'line':4},"
                                              "{'relate':{'equal':['$a','$b']},'line':5}";
    static const struct judge_row rows[] = {
        {"the other's block is freed", "R173", steps,
         BEGIN ACQUIRED(1) LEDGER(2, "a") CALL(3, "CardQueryCapabilities", "") TAKEN(3, 1)
             EVENT(3, "'h':1,'e':'alloc','block':1,'size':16")
                 EVENT(3, "'h':1,'e':'free','block':1,'state':'live'") RETURN(3, 0, "")
                     LEDGER(4, "b") END,
         "case FAIL R173:FAIL"},
    };
    (void)state;
    judge_check_rows(rows, sizeof rows / sizeof rows[0]);
}

/* Two derivations side by side, of threads 1 and 2: steps 4 and 5. */
#define BESIDE(thread, more)                                                                       \
    "{'derive':{'agreement':'$z','kdf':'HASH','parameters':[{'KDF_HASH_ALGORITHM':'SHA256'}]},"    \
    "'expect':{'return':'success'},'beside':true,'thread':" #thread more ",'line':4}"
#define BESIDE_STEPS SETUP_STEPS "," BESIDE(1, ",'block':2") "," BESIDE(2, "")
#define BEGINS(s, t)                                                                               \
    EVENT(s,                                                                                       \
          "'t':" #t ",'e':'call','entry':'CardDeriveKey','context':'main','args':{" DERIVE_ARGS(   \
              SHA256_PARAMETER) "}")
#define RETURNS(s, t, code) EVENT(s, "'t':" #t ",'e':'return','us':1,'status':" #code ",'out':{}")
#define MEETS(s, t)         EVENT(s, "'t':" #t ",'e':'meet','at':'CspAlloc','ok':true")
#define CRASHES(s, t)       EVENT(s, "'t':" #t ",'e':'crash','signal':11,'entry':'CardDeriveKey'")

static void test_judge__side_by_side_the_order_says_nothing(void **state)
{
    static const struct judge_row rows[] = {
        {"one after the other", "R119", BESIDE_STEPS,
         BEGIN SETUP_EVENTS BEGINS(4, 1) RETURNS(4, 1, 0) BEGINS(5, 2) RETURNS(5, 2, 2148532228)
             END,
         "case INFO R119:INFO"},
        {"the other first", "R119", BESIDE_STEPS,
         BEGIN SETUP_EVENTS BEGINS(5, 2) RETURNS(5, 2, 2148532228) BEGINS(4, 1) RETURNS(4, 1, 0)
             END,
         "case INFO R119:INFO"},
        {"interleaved", "R119", BESIDE_STEPS,
         BEGIN SETUP_EVENTS BEGINS(4, 1) BEGINS(5, 2) MEETS(4, 1) MEETS(5, 2)
             RETURNS(5, 2, 2148532228) RETURNS(4, 1, 0) END,
         "case INFO R119:INFO"},
        {"the second crashes before the first has returned", "R119", BESIDE_STEPS,
         BEGIN SETUP_EVENTS BEGINS(4, 1) BEGINS(5, 2) CRASHES(5, 2) END, "case CRASH R119:FAIL"},
        {"the second crashes before the first has begun", "R119", BESIDE_STEPS,
         BEGIN SETUP_EVENTS BEGINS(5, 2) CRASHES(5, 2) END, "case CRASH R119:FAIL"},
        {"the second crashes after the first has returned", "R119", BESIDE_STEPS,
         BEGIN SETUP_EVENTS BEGINS(4, 1) BEGINS(5, 2) RETURNS(4, 1, 0) CRASHES(5, 2) END,
         "case CRASH R119:FAIL"},
        {"the first crashes", "R119", BESIDE_STEPS,
         BEGIN SETUP_EVENTS BEGINS(4, 1) BEGINS(5, 2) CRASHES(4, 1) END, "case CRASH R119:FAIL"},
    };
    (void)state;
    judge_check_rows(rows, sizeof rows / sizeof rows[0]);
}

/* The second card's key is the one that its own context told; the capabilities know the first's. */
static void test_judge__a_second_card_has_its_own_key(void **state)
{
    static const char steps[] = "{'acquire':{'reader':2},'line':1}," STEP_PROVED "," STEP_AGREED
                                "," STEP_DERIVE("{'return':'success','key':'oracle'}");
    static const struct judge_row rows[] = {
        {"nobody asked for it", "R152", steps,
         BEGIN DONE(1, "CardAcquireContext", "'version':7,'reader':2", 0, "'dwVersion':7") PROVED(2)
             AGREED(3, 3) DERIVED(4, 0, KEY_OUT(KEY_SHA256)) END,
         "case BROKEN"},
        {"of the first card it is known", "R152",
         SETUP_STEPS "," STEP_DERIVE("{'return':'success','key':'oracle'}"),
         BEGIN SETUP_EVENTS CALL(4, "CardDeriveKey", DERIVE_ARGS(SHA256_PARAMETER))
             EVENT(4, "'e':'alloc','block':9,'size':32") RETURN(4, 0, KEY_OUT(KEY_SHA256)) END,
         "case PASS"},
    };
    (void)state;
    judge_check_rows(rows, sizeof rows / sizeof rows[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_judge__worst_caps_all_but_a_wrong_key),
        cmocka_unit_test(test_judge__a_property_names_a_container_that_agrees),
        cmocka_unit_test(test_judge__warn_tolerates_named_codes),
        cmocka_unit_test(test_judge__what_a_condition_leaves_out_is_not_judged),
        cmocka_unit_test(test_judge__a_repeated_name_is_that_of_its_round),
        cmocka_unit_test(test_judge__balances_are_compared_by_blocks),
        cmocka_unit_test(test_judge__blocks_of_two_processes),
        cmocka_unit_test(test_judge__side_by_side_the_order_says_nothing),
        cmocka_unit_test(test_judge__a_second_card_has_its_own_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
