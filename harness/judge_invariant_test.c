/* SPDX-License-Identifier: Apache-2.0 */
#include "judge_fixture.h"

#include "judge_invariant.h"

#define STEPS          SETUP_STEPS "," STEP_DERIVE("{'return':'any'}")
#define DERIVE_CALL(p) CALL(4, "CardDeriveKey", DERIVE_ARGS(p))
#define CHANGED(s, what, name)                                                                     \
    EVENT(s, "'e':'changed','what':'" what "','name':'" name "','offset':4,'length':1")
#define HANDLE_PARAMETER "[{'type':6,'name':'KDF_SECRET_HANDLE','cb':8,'handle':'h1','value':null}]"
#define CALLBACK(card_data, handle, pointer, flags)                                                \
    EVENT(4, "'e':'get_dh_agreement','card_data':'" card_data "','handle':'" handle                \
             "','index_pointer':'" pointer "','flags':" #flags)
/* A case of R119 whose derivation shows the events. */
#define SHOWS(events, expected)                                                                    \
    {                                                                                              \
        expected, "R119", STEPS, BEGIN SETUP_EVENTS DERIVE_CALL("[]") events RETURN(4, 0, "") END, \
            expected                                                                               \
    }
#define ASKED(events, expected)                                                                    \
    {                                                                                              \
        expected, "R119", STEPS,                                                                   \
            BEGIN SETUP_EVENTS DERIVE_CALL(HANDLE_PARAMETER) events RETURN(4, 0, "") END, expected \
    }

/* The callback refuses with STATUS_UNSUCCESSFUL, 3221225473. */
#define REFUSED_WITH(status, expected)                                                             \
    {                                                                                              \
        expected, "R119", STEPS,                                                                   \
            BEGIN SETUP_EVENTS DERIVE_CALL(HANDLE_PARAMETER)                                       \
                EVENT(4, "'e':'get_dh_agreement','card_data':'same','handle':'value',"             \
                         "'index_pointer':'ok','flags':0,'answer':{'return':3221225473}")          \
                    RETURN(4, status, "") END,                                                     \
            expected                                                                               \
    }

static void test_invariant__changes(void **state)
{
    static const struct judge_row rows[] = {
        SHOWS("", "case PASS"),
        SHOWS(CHANGED(4, "beyond", "CARD_DATA"),
              "case FAIL R004:FAIL; invariant/R004 FAIL R004:FAIL"),
        SHOWS(CHANGED(4, "input", "pAgreementInfo"), "case PASS; invariant/R005 FAIL R005:FAIL"),
        SHOWS(CHANGED(4, "input", "pwszKDF"), "case PASS; invariant/R007 WARN R007:WARN"),
        SHOWS(CHANGED(4, "card_data", "dwVersion"), "case PASS; invariant/R015 FAIL R015:FAIL"),
        SHOWS(CHANGED(4, "card_data", "pfnCspGetDHAgreement"),
              "case PASS; invariant/R043 FAIL R043:FAIL"),
        SHOWS(CHANGED(4, "card_data", "pbAtr"), "case PASS; invariant/R043 WARN R043:WARN"),
        SHOWS(CHANGED(4, "caller-buffer", "pbDerivedKey"),
              "case FAIL R129:FAIL; invariant/R129 FAIL R129:FAIL"),
        {"of the agreement", "R119", STEPS,
         BEGIN ACQUIRED(1) PROVED(2) CALL(3, "CardConstructDHAgreement", "'container':0")
             CHANGED(3, "input", "dwPublicKey") RETURN(3, 0, "'bSecretAgreementIndex':3")
                 DERIVE_CALL("[]") RETURN(4, 0, "") END,
         "case PASS; invariant/R006 FAIL R006:FAIL"},
        {"about the row itself", "R043", STEPS,
         BEGIN SETUP_EVENTS DERIVE_CALL("[]") CHANGED(4, "card_data", "pbAtr") RETURN(4, 0, "") END,
         "case WARN R043:WARN"},
    };
    (void)state;
    judge_check_rows(rows, sizeof rows / sizeof rows[0]);
}

static void test_invariant__memory(void **state)
{
    static const struct judge_row rows[] = {
        SHOWS(EVENT(4, "'e':'free','block':5,'state':'freed'"),
              "case FAIL R216:FAIL; invariant/R216 FAIL R216:FAIL"),
        SHOWS(EVENT(4, "'e':'free','state':'foreign'"),
              "case FAIL R216:FAIL; invariant/R216 FAIL R216:FAIL"),
        SHOWS(EVENT(4, "'e':'free','state':'null'"), "case PASS"),
        SHOWS(EVENT(4, "'e':'realloc','from':5,'from_state':'inside','block':6,'size':9"),
              "case FAIL R216:FAIL; invariant/R216 FAIL R216:FAIL"),
        SHOWS(EVENT(4, "'e':'damage','block':5,'kind':'overrun'"),
              "case FAIL R216:FAIL; invariant/R216 FAIL R216:FAIL"),
        SHOWS(EVENT(4, "'e':'free','block':5,'state':'live','damage':'underrun'"),
              "case FAIL R216:FAIL; invariant/R216 FAIL R216:FAIL"),
        SHOWS(EVENT(4, "'e':'secret','what':'Z','block':5,'offset':0,'length':32"),
              "case PASS; invariant/R058 WARN R058:WARN"),
        SHOWS(EVENT(4, "'e':'secret','what':'key','block':5,'offset':0,'length':32"),
              "case PASS; invariant/R225 WARN R225:WARN"),
        {"leak of the context", "R119", STEPS,
         BEGIN CALL(1, "CardAcquireContext", "") EVENT(1, "'e':'alloc','block':1,'size':8") RETURN(
             1, 0, "") PROVED(2) AGREED(3, 3) DERIVE_CALL("[]") RETURN(4, 0, "") DELETED(0) END,
         "case PASS; invariant/R051 FAIL R051:FAIL"},
        {"leak of an agreement", "R119", STEPS,
         BEGIN ACQUIRED(1) PROVED(2) CALL(3, "CardConstructDHAgreement", "'container':0")
             EVENT(3, "'e':'alloc','block':1,'size':8") RETURN(3, 0, "'bSecretAgreementIndex':3")
                 DERIVE_CALL("[]") RETURN(4, 0, "") DELETED(0) END,
         "case PASS; invariant/R057 FAIL R057:FAIL"},
        {"nothing leaks", "R119", STEPS,
         BEGIN ACQUIRED(1) PROVED(2) CALL(3, "CardConstructDHAgreement", "'container':0")
             EVENT(3, "'e':'alloc','block':1,'size':8")
                 EVENT(3, "'e':'realloc','from':1,'from_state':'live','block':2,'size':16")
                     RETURN(3, 0, "'bSecretAgreementIndex':3") DERIVE_CALL("[]") RETURN(4, 0, "")
                         CALL(0, "CardDeleteContext", "")
                             EVENT(0, "'e':'free','block':2,'state':'live'") RETURN(0, 0, "") END,
         "case PASS"},
        {"handed out is the caller's", "R119", STEPS,
         BEGIN SETUP_EVENTS DERIVE_CALL("[]") EVENT(4, "'e':'alloc','block':9,'size':20")
             RETURN(4, 0, "'cbDerivedKey':20,'pbDerivedKey':{'block':9,'offset':0}") DELETED(0) END,
         "case PASS"},
        {"leak of a refusal", "R119", STEPS,
         BEGIN SETUP_EVENTS DERIVE_CALL("[]") EVENT(4, "'e':'alloc','block':9,'size':20")
             RETURN(4, 2148532228, "") DELETED(0) END,
         "case PASS; invariant/R133 FAIL R133:FAIL"},
        {"a refusal hands out", "R119", STEPS,
         BEGIN SETUP_EVENTS DERIVE_CALL("[]")
             RETURN(4, 2148532228, "'pbDerivedKey':{'block':9,'offset':0}") END,
         "case PASS; invariant/R133 FAIL R133:FAIL"},
        {"a refusal writes", "R119", STEPS,
         BEGIN SETUP_EVENTS DERIVE_CALL("[]") RETURN(4, 2148532228, "'filled':true") END,
         "case PASS; invariant/R133 FAIL R133:FAIL"},
    };
    (void)state;
    judge_check_rows(rows, sizeof rows / sizeof rows[0]);
}

#define GIVES(out, expected)                                                                       \
    {                                                                                              \
        expected, "R119", STEPS,                                                                   \
            BEGIN SETUP_EVENTS DERIVE_CALL("[]") EVENT(4, "'e':'alloc','block':9,'size':20")       \
                RETURN(4, 0, out) END,                                                             \
            expected                                                                               \
    }
#define INFO_STEP "{'container_info':{'container':0},'expect':{'return':'any'},'line':2}"

static void test_invariant__outputs(void **state)
{
    static const struct judge_row rows[] = {
        GIVES("'cbDerivedKey':20,'pbDerivedKey':{'wild':true}",
              "case PASS; invariant/R128 FAIL R128:FAIL"),
        GIVES("'cbDerivedKey':21,'pbDerivedKey':{'block':9,'offset':0}",
              "case PASS; invariant/R128 FAIL R128:FAIL"),
        GIVES("'cbDerivedKey':2,'pbDerivedKey':{'block':9,'offset':4}",
              "case PASS; invariant/R128 FAIL R128:FAIL"),
        GIVES("'cbDerivedKey':20,'pbDerivedKey':{'block':9,'offset':0,'freed':true}",
              "case PASS; invariant/R128 FAIL R128:FAIL"),
        GIVES("'cbDerivedKey':20,'pbDerivedKey':{'block':9,'offset':0,'unwritten':8}",
              "case PASS; invariant/R128 FAIL R128:FAIL"),
        GIVES("'cbDerivedKey':20,'pbDerivedKey':{'block':9,'offset':0,'unwritten_stack':9}",
              "case PASS; invariant/R128 FAIL R128:FAIL"),
        GIVES("'cbDerivedKey':20,'pbDerivedKey':{'input':'pbDerivedKey','offset':0}", "case PASS"),
        {"a blob", "R119", STEP_ACQUIRED "," INFO_STEP,
         BEGIN ACQUIRED(1) DONE(2, "CardGetContainerInfo", "", 0,
                                "'cbKeyExPublicKey':72,'pbKeyExPublicKey':{'wild':true}") END,
         "case PASS; invariant/R232 FAIL R232:FAIL"},
        {"a file", "R119",
         STEP_ACQUIRED ",{'read_file':{'directory':'mscp','file':'cmapfile'},"
                       "'expect':{'return':'any'},'line':2}",
         BEGIN ACQUIRED(1) DONE(2, "CardReadFile", "", 0, "'pcbData':72,'ppbData':{'wild':true}")
             END,
         "case PASS; invariant/R214 FAIL R214:FAIL"},
    };
    (void)state;
    judge_check_rows(rows, sizeof rows / sizeof rows[0]);
}

static void test_invariant__callback(void **state)
{
    static const struct judge_row rows[] = {
        ASKED(CALLBACK("same", "address", "ok", 0), "case PASS; invariant/R208 INFO R208:INFO"),
        ASKED(CALLBACK("same", "value", "ok", 0), "case PASS; invariant/R208 INFO R208:INFO"),
        ASKED(CALLBACK("other", "value", "ok", 0),
              "case PASS; invariant/R206 FAIL R206:FAIL; invariant/R208 INFO R208:INFO"),
        ASKED(CALLBACK("same", "value", "ok", 1),
              "case PASS; invariant/R207 FAIL R207:FAIL; invariant/R208 INFO R208:INFO"),
        ASKED(CALLBACK("same", "copy", "ok", 0), "case PASS; invariant/R208 WARN R208:WARN"),
        ASKED(CALLBACK("same", "unknown", "ok", 0), "case PASS; invariant/R208 FAIL R208:FAIL"),
        ASKED(CALLBACK("same", "value", "null", 0),
              "case FAIL R250:FAIL; invariant/R208 INFO R208:INFO; invariant/R250 FAIL R250:FAIL"),
        SHOWS(CALLBACK("same", "value", "ok", 0),
              "case PASS; invariant/R208 INFO R208:INFO; invariant/R249 FAIL R249:FAIL"),
        REFUSED_WITH(3221225473, "case PASS; invariant/R208 INFO R208:INFO"),
        REFUSED_WITH(3221225474,
                     "case PASS; invariant/R003 FAIL R003:FAIL; invariant/R208 INFO R208:INFO"),
    };
    (void)state;
    judge_check_rows(rows, sizeof rows / sizeof rows[0]);
}

#define TRANSACTION(action) EVENT(4, "'e':'transaction','action':'" action "','status':0")

static void test_invariant__transactions_and_output(void **state)
{
    static const struct judge_row rows[] = {
        SHOWS(TRANSACTION("begin") TRANSACTION("end"), "case PASS; invariant/R048 WARN R048:WARN"),
        SHOWS(TRANSACTION("end"), "case PASS; invariant/R048 WARN R048:WARN"),
        SHOWS(EVENT(4, "'e':'output','stream':'stdout','text':'hello'"), "case PASS"),
        SHOWS(EVENT(4, "'e':'output','stream':'stdout','text':'Z = "
                       "8E32244ff8b70a83d7c21fafd1af699bc80400ca9be13ef5f4b44e69db11b048'"),
              "case PASS; invariant/R224 WARN R224:WARN"),
        {"a key is printed", "R119", STEPS,
         BEGIN SETUP_EVENTS DERIVE_CALL("[]") RETURN(4, 0, "'key':'0102030405060708'")
             EVENT(4, "'e':'output','stream':'stderr','text':'01:02:03:04:05:06:07:08'") END,
         "case PASS; invariant/R224 WARN R224:WARN"},
        {"it loads but exports nothing", "R119", STEPS,
         BEGIN EVENT(0, "'e':'load','ok':true,'export':false") END,
         "case BLOCKED by R001; invariant/R001 FAIL R001:FAIL"},
    };
    (void)state;
    judge_check_rows(rows, sizeof rows / sizeof rows[0]);
}

static void test_invariant__every_event_kind_is_claimed(void **state)
{
    (void)state;
    for (enum event_kind kind = 0; kind < EVENT_COUNT; kind++) {
        const char *claim = event_claim(kind);
        assert_non_null(claim);
        assert_int_equal(strcmp(claim, "invariant") == 0, watch_has_check(kind));
    }
    assert_null(event_claim(EVENT_UNKNOWN));
}

static void test_invariant__knows_its_requirements(void **state)
{
    (void)state;
    for (size_t i = 0; watch_requirement(i) != NULL; i++)
        assert_true(watch_knows(watch_requirement(i)));
    assert_true(watch_knows("R100"));
    assert_false(watch_knows("R152"));
}

static void test_invariant__is_listed_once_watched(void **state)
{
    static const struct judge_row row = {
        "", "R119", STEPS, BEGIN SETUP_EVENTS DERIVE_CALL("[]") RETURN(4, 0, "") END, ""};
    (void)state;
    struct arena arena = {0};
    struct results results;
    bool changed = false, callback = false;
    char *text = judge_text(&arena, &row, "{'end':{'complete':true}}\n");
    assert_int_equal(judge_a_text(&arena, text, &results), JUDGE_OK);
    for (size_t i = 0; i < results.case_count; i++) {
        changed = changed || strcmp(results.cases[i].id, "invariant/R043") == 0;
        callback = callback || strcmp(results.cases[i].id, "invariant/R206") == 0;
    }
    assert_true(changed);
    assert_false(callback);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_invariant__changes),
        cmocka_unit_test(test_invariant__memory),
        cmocka_unit_test(test_invariant__outputs),
        cmocka_unit_test(test_invariant__callback),
        cmocka_unit_test(test_invariant__transactions_and_output),
        cmocka_unit_test(test_invariant__every_event_kind_is_claimed),
        cmocka_unit_test(test_invariant__knows_its_requirements),
        cmocka_unit_test(test_invariant__is_listed_once_watched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
