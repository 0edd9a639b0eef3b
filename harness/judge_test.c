/* SPDX-License-Identifier: Apache-2.0 */
#include "judge_fixture.h"

/* 2148532228 is SCARD_E_INVALID_PARAMETER, ..230 _NO_MEMORY, ..241 _INVALID_VALUE, ..255
 * _UNEXPECTED, ..258 _UNSUPPORTED_FEATURE, ..328 SCARD_W_RESET_CARD, ..330 _SECURITY_VIOLATION,
 * ..331 _WRONG_CHV. */
#define DERIVED(s, parameters, status, out)                                                        \
    DONE(s, "CardDeriveKey", DERIVE_ARGS(parameters), status, out)
#define KEY_OUT(hex, length)                                                                       \
    "'cbDerivedKey':" #length ",'pbDerivedKey':{'block':9,'size':" #length                         \
    ",'offset':0},'key':'" hex "'"

static void test_judge__return_codes(void **state)
{
    static const char derive[] = SETUP_STEPS "," STEP_DERIVE("{'return':'per-requirement'}");
    static const struct judge_row rows[] = {
        {"accepted", "R108", derive,
         BEGIN SETUP_EVENTS DERIVED(4, "[]", 2148532228, "") DELETED(0) END, "case PASS"},
        {"another refusal", "R108", derive, BEGIN SETUP_EVENTS DERIVED(4, "[]", 2148532255, "") END,
         "case FAIL R108:FAIL"},
        {"waived", "R108", derive, BEGIN SETUP_EVENTS DERIVED(4, "[]", 2148532258, "") END,
         "case WAIVED R108:FAIL"},
        {"waiver has expired", "R108", derive,
         BEGIN SETUP_EVENTS DERIVED(4, "[]", 2148532241, "") END, "case FAIL R108:FAIL"},
        {"waived by number", "R108", derive,
         BEGIN SETUP_EVENTS DERIVED(4, "[]", 2148532230, "") END, "case WAIVED R108:FAIL"},
        {"waiver of another build", "R108", derive, BEGIN SETUP_EVENTS DERIVED(4, "[]", 8, "") END,
         "case FAIL R108:FAIL"},
        {"waived by case", "R242", derive, BEGIN SETUP_EVENTS DERIVED(4, "[]", 2148532255, "") END,
         "case WAIVED R242:FAIL"},
        {"success where it warns", "R121", derive, BEGIN SETUP_EVENTS DERIVED(4, "[]", 0, "") END,
         "case WARN R121:WARN"},
        {"a may only notes", "R119", derive,
         BEGIN SETUP_EVENTS DERIVED(4, "[]", 2148532255, "") END, "case INFO R119:INFO"},
        {"inference warns", "R088", derive, BEGIN SETUP_EVENTS DERIVED(4, "[]", 2148532255, "") END,
         "case WARN R088:WARN"},
        {"prompting code without cause", "R088", derive,
         BEGIN SETUP_EVENTS DERIVED(4, "[]", 2148532330, "") END, "case FAIL R088:FAIL"},
        {"NTSTATUS is another family", "R088", derive,
         BEGIN SETUP_EVENTS DERIVED(4, "[]", 3221225485, "") END,
         "case WARN R088:WARN; invariant/R003 FAIL R003:FAIL"},
    };
    (void)state;
    judge_check_rows(rows, sizeof rows / sizeof rows[0]);
}

static void test_judge__named_return_codes(void **state)
{
    static const struct judge_row rows[] = {
        {"named", "R152", SETUP_STEPS "," STEP_DERIVE("{'return':['SCARD_E_NO_MEMORY']}"),
         BEGIN SETUP_EVENTS DERIVED(4, "[]", 2148532230, "") END, "case PASS"},
        {"success where a refusal was named", "R152",
         SETUP_STEPS "," STEP_DERIVE("{'return':'SCARD_E_INVALID_PARAMETER'}"),
         BEGIN SETUP_EVENTS DERIVED(4, "[]", 0, "") END, "case FAIL R152:FAIL"},
        {"the row's warning holds for a named success", "R152",
         SETUP_STEPS "," STEP_DERIVE("{'return':'SCARD_S_SUCCESS'}"),
         BEGIN SETUP_EVENTS DERIVED(4, "[]", 2148532230, "") END, "case WARN R152:WARN"},
        {"failure", "R205", SETUP_STEPS "," STEP_DERIVE("{'return':'failure'}"),
         BEGIN SETUP_EVENTS DERIVED(4, "[]", 2148532255, "") END, "case PASS"},
        {"failure that prompts without cause", "R205",
         SETUP_STEPS "," STEP_DERIVE("{'return':'failure'}"),
         BEGIN SETUP_EVENTS DERIVED(4, "[]", 2148532331, "") END, "case FAIL R205:FAIL"},
        {"success where failure was asked for", "R205",
         SETUP_STEPS "," STEP_DERIVE("{'return':'failure'}"),
         BEGIN SETUP_EVENTS DERIVED(4, "[]", 0, "") END, "case FAIL R205:FAIL"},
        {"missing PIN explains itself", "R127",
         STEP_ACQUIRED "," STEP_AGREED "," STEP_DERIVE("{'return':'failure'}"),
         BEGIN ACQUIRED(1) AGREED(2, 3) DERIVED(3, "[]", 2148532330, "") END, "case PASS"},
        {"so does another's PIN", "R127", SETUP_STEPS "," STEP_DERIVE("{'return':'failure'}"),
         BEGIN ACQUIRED(1) DONE(2, "CardAuthenticateEx", "'role':1,'opens':false", 0, "")
             AGREED(3, 3) DERIVED(4, "[]", 2148532330, "") END,
         "case PASS"},
        {"the key's own PIN is none missing", "R127",
         SETUP_STEPS "," STEP_DERIVE("{'return':'failure'}"),
         BEGIN ACQUIRED(1) DONE(2, "CardAuthenticateEx", "'role':3,'opens':true", 0, "")
             AGREED(3, 3) DERIVED(4, "[]", 2148532330, "") END,
         "case FAIL R127:FAIL"},
        {"reset explains itself", "R205",
         SETUP_STEPS ",{'reset':{},'line':4}," STEP_DERIVE("{'return':'failure'}"),
         BEGIN SETUP_EVENTS EVENT(4, "'e':'card','action':'reset','ok':true")
             DERIVED(5, "[]", 2148532328, "") END,
         "case PASS"},
    };
    (void)state;
    judge_check_rows(rows, sizeof rows / sizeof rows[0]);
}

#define ORACLE_STEPS SETUP_STEPS "," STEP_DERIVE("{'return':'SCARD_S_SUCCESS','key':'oracle'}")
#define WRONG_KEY                                                                                  \
    "00"                                                                                           \
    "436cab816094b7d7d52a19339793d70a1e621c11e7b5bf47aa2552bb0df59aa"
/* SHA-256 of the secret with its bytes reversed */
#define REVERSED_KEY       "c4225db834061e100da5b2ab8411a49e31a5bc6c11d1fdea510b0926ebaa12ab"
#define ALLOC(s, id, size) EVENT(s, "'e':'alloc','block':" #id ",'size':" #size)
#define DERIVED_BLOCK(s, parameters, out)                                                          \
    CALL(s, "CardDeriveKey", DERIVE_ARGS(parameters)) ALLOC(s, 9, 32) RETURN(s, 0, out)

static void test_judge__keys(void **state)
{
    static const struct judge_row rows[] = {
        {"right", "R152", ORACLE_STEPS,
         BEGIN SETUP_EVENTS DERIVED_BLOCK(4, SHA256_PARAMETER, KEY_OUT(KEY_SHA256, 32)) END,
         "case PASS"},
        {"wrong", "R152", ORACLE_STEPS,
         BEGIN SETUP_EVENTS DERIVED_BLOCK(4, SHA256_PARAMETER, KEY_OUT(WRONG_KEY, 32)) END,
         "case FAIL R152:FAIL"},
        {"right for a reversed secret, the secret's own requirement", "R063", ORACLE_STEPS,
         BEGIN SETUP_EVENTS DERIVED_BLOCK(4, SHA256_PARAMETER, KEY_OUT(REVERSED_KEY, 32)) END,
         "case FAIL R063:FAIL"},
        {"right for a reversed secret, another's requirement", "R152", ORACLE_STEPS,
         BEGIN SETUP_EVENTS DERIVED_BLOCK(4, SHA256_PARAMETER, KEY_OUT(REVERSED_KEY, 32)) END,
         "case FAIL R152:FAIL"},
        {"wrong at any level", "R119", ORACLE_STEPS,
         BEGIN SETUP_EVENTS DERIVED_BLOCK(4, SHA256_PARAMETER, KEY_OUT(WRONG_KEY, 32)) END,
         "case FAIL R119:FAIL"},
        {"wrong though the code is wrong too", "R121",
         SETUP_STEPS "," STEP_DERIVE("{'return':'per-requirement','key':'oracle'}"),
         BEGIN SETUP_EVENTS DERIVED_BLOCK(4, SHA256_PARAMETER, KEY_OUT(WRONG_KEY, 32)) END,
         "case FAIL R121:WARN R121:FAIL"},
        {"success without a key", "R152", ORACLE_STEPS,
         BEGIN SETUP_EVENTS DERIVED(4, SHA256_PARAMETER, 0, "") END, "case FAIL R152:FAIL"},
        {"an accepted reading", "R152",
         SETUP_STEPS "," STEP_DERIVE("{'return':'SCARD_S_SUCCESS','key':{'oracle':[{},"
                                     "{'parameters':[{'KDF_HASH_ALGORITHM':'SHA1'}]}]}}"),
         BEGIN SETUP_EVENTS DERIVED(4, SHA256_PARAMETER, 0, KEY_OUT(KEY_SHA1, 20)) END,
         "case PASS"},
        {"a tolerated reading", "R152",
         SETUP_STEPS "," STEP_DERIVE("{'return':'SCARD_S_SUCCESS','key':{'oracle':{},'warn':"
                                     "[{'parameters':[{'KDF_HASH_ALGORITHM':'SHA1'}]}]}}"),
         BEGIN SETUP_EVENTS DERIVED(4, SHA256_PARAMETER, 0, KEY_OUT(KEY_SHA1, 20)) END,
         "case WARN R152:WARN"},
        {"masked", "R152", ORACLE_STEPS,
         BEGIN SETUP_EVENTS DERIVED(4, SHA256_PARAMETER, 0, KEY_OUT("d5****", 32)) END,
         "case BROKEN"},
        {"length", "R173", SETUP_STEPS "," STEP_DERIVE("{'key':{'length':48}}"),
         BEGIN SETUP_EVENTS DERIVED(4, SHA256_PARAMETER, 0, KEY_OUT(KEY_SHA1, 20)) END,
         "case FAIL R173:FAIL"},
        {"none", "R205", SETUP_STEPS "," STEP_DERIVE("{'return':'any','key':'none'}"),
         BEGIN SETUP_EVENTS DERIVED(4, SHA256_PARAMETER, 0, KEY_OUT(KEY_SHA1, 20)) END,
         "case FAIL R205:FAIL"},
        {"refused with an accepted code", "R127",
         SETUP_STEPS "," STEP_DERIVE("{'return':'per-requirement','key':'oracle'}"),
         BEGIN SETUP_EVENTS DERIVED(4, SHA256_PARAMETER, 2148532228, "") END, "case PASS"},
    };
    (void)state;
    judge_check_rows(rows, sizeof rows / sizeof rows[0]);
}

#define CALLBACK(s, rest)                                                                          \
    EVENT(s, "'e':'get_dh_agreement','card_data':'same','handle':'address','index_pointer':'ok',"  \
             "'flags':0" rest)
#define HANDLE_PARAMETER "[{'type':6,'name':'KDF_SECRET_HANDLE','cb':8,'handle':'h1','value':null}]"

static const struct judge_row count_rows[] = {
    {"enough calls", "R205",
     SETUP_STEPS "," STEP_DERIVE("{'calls':{'CspGetDHAgreement':{'at_least':1}}}"),
     BEGIN SETUP_EVENTS CALL(4, "CardDeriveKey", DERIVE_ARGS(HANDLE_PARAMETER)) CALLBACK(4, "")
         RETURN(4, 0, "") END,
     "case PASS; invariant/R208 INFO R208:INFO"},
    {"no call", "R205",
     SETUP_STEPS "," STEP_DERIVE("{'calls':{'CspGetDHAgreement':{'at_least':1}}}"),
     BEGIN SETUP_EVENTS DERIVED(4, HANDLE_PARAMETER, 0, "") END, "case FAIL R205:FAIL"},
    {"calls of one cache function", "R205",
     SETUP_STEPS "," STEP_DERIVE("{'calls':{'CspCacheAddFile':0,'CspCacheLookupFile':0}}"),
     BEGIN SETUP_EVENTS CALL(4, "CardDeriveKey", DERIVE_ARGS("[]"))
         EVENT(4, "'e':'cache','function':'CspCacheLookupFile'") RETURN(4, 0, "") END,
     "case FAIL R205:FAIL"},
    {"an index is asked of a refusal", "R093",
     SETUP_STEPS ",{'construct':{'curve':'P-256'},'expect':{'index':'distinct'},'line':9}",
     BEGIN SETUP_EVENTS DONE(4, "CardConstructDHAgreement", "'container':0", 2148532230, "") END,
     "case BLOCKED by R060"},
    {"APDUs are the invariant's", "R108",
     SETUP_STEPS "," STEP_DERIVE(
         "[{'for':'R108','return':'SCARD_E_INVALID_PARAMETER'},{'for':'R100','apdus':0}]"),
     BEGIN SETUP_EVENTS CALL(4, "CardDeriveKey", DERIVE_ARGS("[]")) EVENT(
         4, "'e':'apdu','command':'00a4','sw':36864,'status':0") RETURN(4, 2148532228, "") END,
     "case PASS; invariant/R100 WARN R100:WARN"},
    {"output", "R173",
     SETUP_STEPS "," STEP_DERIVE("{'return':'any','output':{'cbDerivedKey':{'at_least':1}}}"),
     BEGIN SETUP_EVENTS DERIVED(4, "[]", 0, "'cbDerivedKey':0") END, "case FAIL R173:FAIL"},
    {"output as it was", "R173",
     SETUP_STEPS "," STEP_DERIVE("{'return':'any','output':{'pbDerivedKey':'unchanged'}}"),
     BEGIN SETUP_EVENTS DERIVED(4, "[]", 0, "'pbDerivedKey':null") END, "case PASS"},
    {"index given twice", "R093",
     STEP_ACQUIRED "," STEP_PROVED "," STEP_AGREED
                   ",{'construct':{'curve':'P-256'},'expect':{'return':'success','index':"
                   "'distinct'},'line':9}",
     BEGIN SETUP_EVENTS AGREED(4, 3) END, "case FAIL R093:FAIL"},
    {"entry missing from the table", "R016",
     "{'acquire':{},'expect':{'entry_points':'complete'},'line':1}",
     BEGIN DONE(1, "CardAcquireContext", "", 0,
                "'dwVersion':7,'members':{'pfnCardReadFile':'null','pfnCardDeriveKey':'set'}") END,
     "case FAIL R016:FAIL"},
    {"half a DH table", "R018", "{'acquire':{},'expect':{'entry_points':'dh-consistent'},'line':1}",
     BEGIN DONE(1, "CardAcquireContext", "", 0,
                "'dwVersion':7,'members':{'pfnCardConstructDHAgreement':'set',"
                "'pfnCardDeriveKey':'null','pfnCardDestroyDHAgreement':'set'}") END,
     "case FAIL R018:FAIL"},
    {"no public key", "R227",
     STEP_ACQUIRED ",{'container_info':{'curve':'P-256'},'expect':{'public_key':'valid'},"
                   "'line':2}",
     BEGIN ACQUIRED(1)
         DONE(2, "CardGetContainerInfo", "'container':0", 0, "'key_ex':'45434b3120000000aa'") END,
     "case FAIL R227:FAIL"},
    {"keys differ", "R095",
     SETUP_STEPS ",{'derive':{'agreement':'$z','kdf':'HASH','as':'k1'},'line':4},"
                 "{'derive':{'agreement':'$z','kdf':'HASH','as':'k2'},'line':5},"
                 "{'relate':{'equal':['$k1','$k2']},'line':6}",
     BEGIN SETUP_EVENTS DERIVED(4, "null", 0, "'key':'" KEY_SHA1 "'")
         DERIVED(5, "null", 0, "'key':'" KEY_SHA256 "'") END,
     "case FAIL R095:FAIL"},
    {"keys are equal", "R095",
     SETUP_STEPS ",{'derive':{'agreement':'$z','kdf':'HASH','as':'k1'},'line':4},"
                 "{'derive':{'agreement':'$z','kdf':'HASH','as':'k2'},'line':5},"
                 "{'relate':{'different':['$k1','$k2']},'line':6}",
     BEGIN SETUP_EVENTS DERIVED(4, "null", 0, "'key':'" KEY_SHA1 "'")
         DERIVED(5, "null", 0, "'key':'" KEY_SHA1 "'") END,
     "case FAIL R095:FAIL"},
};

static void test_judge__counts_and_outputs(void **state)
{
    (void)state;
    judge_check_rows(count_rows, sizeof count_rows / sizeof count_rows[0]);
}

#define DERIVE_STEPS SETUP_STEPS "," STEP_DERIVE("{'return':'success'}")

static const struct judge_row blocked_rows[] = {
    {"setup fails", "R152", DERIVE_STEPS,
     BEGIN ACQUIRED(1) PROVED(2)
         DONE(3, "CardConstructDHAgreement", "'container':0", 2148532255, "") END,
     "case BLOCKED by R060"},
    {"setup fails and is the question", "R060", DERIVE_STEPS,
     BEGIN ACQUIRED(1) PROVED(2)
         DONE(3, "CardConstructDHAgreement", "'container':0", 2148532255, "") END,
     "case FAIL R060:FAIL"},
    {"deauthentication is allowed to be missing", "R077",
     STEP_ACQUIRED ",{'deauthenticate':{},'line':2},{'construct':{'curve':'P-256'},"
                   "'expect':{'return':'per-requirement'},'line':3}",
     BEGIN ACQUIRED(1) DONE(2, "CardDeauthenticateEx", "", 2148532258, "") END, "case SKIP"},
    {"crash in a scored step", "R152", DERIVE_STEPS,
     BEGIN SETUP_EVENTS CALL(4, "CardDeriveKey", "")
         EVENT(4, "'e':'crash','signal':11,'address':'0x0'") END,
     "case CRASH R152:FAIL"},
    {"crash in the setup", "R152", DERIVE_STEPS,
     BEGIN ACQUIRED(1) PROVED(2) CALL(3, "CardConstructDHAgreement", "")
         EVENT(3, "'e':'crash','signal':11") END,
     "case BLOCKED by R060; crash/CardConstructDHAgreement/R060 CRASH R060:FAIL"},
    {"crash after all questions", "R152", DERIVE_STEPS,
     BEGIN SETUP_EVENTS DERIVED(4, "[]", 0, "") CALL(0, "CardDeleteContext", "")
         EVENT(0, "'e':'crash','signal':6") END,
     "case PASS; crash/CardDeleteContext/R051 CRASH R051:FAIL"},
    {"crash in a file's reading", "R152",
     STEP_ACQUIRED ",{'read_file':{'directory':'mscp','file':'cmapfile'},'line':2},"
                   "{'relate':{'equal':['$a','$b']},'line':3}",
     BEGIN ACQUIRED(1) CALL(2, "CardReadFile", "") EVENT(2, "'e':'crash','signal':11") END,
     "case BLOCKED by R239; crash/CardReadFile/R239 CRASH R239:FAIL"},
    {"crash in an entry point that no requirement is about", "R152",
     STEP_ACQUIRED ",{'call':{'entry':'CardCreateFile'},'line':2},"
                   "{'relate':{'equal':['$a','$b']},'line':3}",
     BEGIN ACQUIRED(1) CALL(2, "CardCreateFile", "") EVENT(2, "'e':'crash','signal':11") END,
     "case BLOCKED by R016; crash/CardCreateFile/R016 CRASH R016:FAIL"},
    {"crash behind the structure", "R152", DERIVE_STEPS,
     BEGIN SETUP_EVENTS CALL(4, "CardDeriveKey", "")
         EVENT(4, "'e':'crash','signal':11,'entry':'CardDeriveKey','access':'write','what':{"
                  "'input':'pAgreementInfo','offset':64}") END,
     "case CRASH R152:FAIL R005:FAIL"},
    {"crash in a freed block, in the setup", "R152", DERIVE_STEPS,
     BEGIN ACQUIRED(1) PROVED(2) CALL(3, "CardConstructDHAgreement", "")
         EVENT(3, "'e':'crash','signal':11,'what':{'block':3,'state':'freed'}") END,
     "case BLOCKED by R216; crash/CardConstructDHAgreement/R216 CRASH R216:FAIL"},
    {"crash of a probe", "R108", SETUP_STEPS "," STEP_DERIVE("{'return':'per-requirement'}"),
     "{'e':'begin'}\n{'e':'call','entry':'CardDeriveKey','args':{}}\n"
     "{'e':'alloc','block':1,'size':3}\n{'e':'crash','signal':11}\n{'e':'end'}\n"
     "{'e':'begin'}\n{'e':'call','entry':'CardDeleteContext','args':{}}\n"
     "{'e':'return','status':0}\n{'e':'end'}\n" BEGIN SETUP_EVENTS DERIVED(4, "[]", 2148532228, "")
         END,
     "case PASS; crash/CardDeriveKey/R127 CRASH R127:FAIL"},
    {"a probe that broke", "R108", SETUP_STEPS "," STEP_DERIVE("{'return':'per-requirement'}"),
     "{'e':'begin'}\n{'e':'broken','why':'no "
     "card'}\n{'e':'end'}\n{'e':'begin'}\n{'e':'end'}\n" BEGIN SETUP_EVENTS DERIVED(
         4, "[]", 2148532228, "") END,
     "probe BROKEN"},
    {"hang", "R152", DERIVE_STEPS,
     BEGIN SETUP_EVENTS CALL(4, "CardDeriveKey", "") EVENT(4, "'e':'hang','ms':1000") END,
     "case HANG R152:FAIL"},
    {"exit", "R152", DERIVE_STEPS,
     BEGIN SETUP_EVENTS CALL(4, "CardDeriveKey", "") EVENT(4, "'e':'exit','code':3") END,
     "case CRASH R152:FAIL"},
    {"does not load", "R152", DERIVE_STEPS,
     BEGIN EVENT(0, "'e':'load','ok':false,'error':'no such file'") END,
     "case BLOCKED by R001; invariant/R001 FAIL R001:FAIL"},
    {"entry point is NULL", "R152", DERIVE_STEPS,
     BEGIN ACQUIRED(1) PROVED(2) CALL(3, "CardConstructDHAgreement", "")
         EVENT(3, "'e':'not_run','why':'the driver has no entry point'") END,
     "case BLOCKED by R060"},
    {"a failed question hides what follows", "R152",
     "{'acquire':{},'expect':{'return':'success'},'line':1},{'authenticate':{},'line':2}",
     BEGIN DONE(1, "CardAcquireContext", "", 2148532255, "")
         EVENT(2, "'e':'not_run','why':'context main was not acquired'") END,
     "case FAIL R152:FAIL"},
};

static void test_judge__blocked_and_ended(void **state)
{
    (void)state;
    judge_check_rows(blocked_rows, sizeof blocked_rows / sizeof blocked_rows[0]);
}

static const struct judge_row broken_rows[] = {
    {"no end", "R152", DERIVE_STEPS, BEGIN SETUP_EVENTS DERIVED(4, "[]", 0, ""), "case BROKEN"},
    {"never begun", "R152", DERIVE_STEPS, "", "case BROKEN"},
    {"unknown event", "R152", DERIVE_STEPS,
     BEGIN SETUP_EVENTS DERIVED(4, "[]", 0, "") EVENT(4, "'e':'telepathy'") END, "case BROKEN"},
    {"our own fault", "R152", DERIVE_STEPS,
     BEGIN EVENT(0, "'e':'broken','why':'no host could be started'") END, "case BROKEN"},
    {"return without call", "R152", DERIVE_STEPS, BEGIN RETURN(1, 0, "") END, "case BROKEN"},
    {"a step is missing", "R152", DERIVE_STEPS, BEGIN SETUP_EVENTS END, "case BROKEN"},
    {"nothing was asked", "R152", "{'acquire':{},'line':1}", BEGIN ACQUIRED(1) END, "case BROKEN"},
    {"the card did not obey", "R152", "{'reset':{},'line':1}",
     BEGIN EVENT(1, "'e':'card','action':'reset','ok':false") END, "case BROKEN"},
    {"an event after the end", "R108", DERIVE_STEPS,
     BEGIN SETUP_EVENTS DERIVED(4, "[]", 0, "") END EVENT(4, "'e':'alloc','block':1"),
     "case BROKEN"},
    {"nothing happened to the card", "R152", "{'reset':{},'line':1}," SETUP_STEPS,
     BEGIN EVENT(1, "'e':'not_run','why':'the card could not be acted on'") END, "case BROKEN"},
    {"the card knows no other application", "R152",
     "{'foreign':{'apdu':'hex:00A4040000'},'line':1}," SETUP_STEPS,
     BEGIN EVENT(1, "'e':'card','action':'foreign','ok':true")
         EVENT(1, "'e':'not_run','why':'6A82'") END,
     "case SKIP"},
    {"requirement not in the trace", "R999", DERIVE_STEPS,
     BEGIN SETUP_EVENTS DERIVED(4, "[]", 0, "") END, "case BROKEN"},
};

static void test_judge__broken(void **state)
{
    (void)state;
    judge_check_rows(broken_rows, sizeof broken_rows / sizeof broken_rows[0]);
}

static void test_judge__cut_short(void **state)
{
    static const struct judge_row row = {
        "cut", "R152", SETUP_STEPS "," STEP_DERIVE("{'return':'success'}"), BEGIN ACQUIRED(1), ""};
    (void)state;
    struct arena arena = {0};
    struct results results;
    char *text = judge_text(&arena, &row, "{'e':'cal");
    assert_int_equal(judge_a_text(&arena, text, &results), JUDGE_OK);
    assert_false(results.complete);
    assert_int_equal(results.totals[VERDICT_BROKEN], 1);
    assert_int_equal(results_exit_code(&results, false), 6);
    arena_free(&arena);
}

static void test_judge__refuses_what_is_no_trace(void **state)
{
    static const char *const texts[] = {
        "",
        "{}\n",
        "{\"e\":\"begin\",\"c\":0}\n",
        "{\"trace\":{\"format\":2}}\n",
        "{\"trace\":{}}\n",
        "{\"trace\":{\"format\":1}}\n{\"e\":\"begin\",\"c\":0}\n",
        "{\"trace\":{\"format\":1}}\nnonsense\n",
        "{\"trace\":{\"format\":1}}\n{\"case\":{\"n\":1}}\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct arena arena = {0};
        struct results results;
        assert_int_equal(judge_a_text(&arena, texts[i], &results), JUDGE_BAD_TRACE);
        arena_free(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_judge__return_codes),
        cmocka_unit_test(test_judge__named_return_codes),
        cmocka_unit_test(test_judge__keys),
        cmocka_unit_test(test_judge__counts_and_outputs),
        cmocka_unit_test(test_judge__blocked_and_ended),
        cmocka_unit_test(test_judge__broken),
        cmocka_unit_test(test_judge__cut_short),
        cmocka_unit_test(test_judge__refuses_what_is_no_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
