/* SPDX-License-Identifier: Apache-2.0 */
#include "reconcile.h"

#include "json_tree.h"
#include "step_role.h"
#include "unit.h"

static struct arena keep;
static struct diags diags;

static int release(void **state)
{
    (void)state;
    arena_free(&keep);
    diags_free(&diags);
    return 0;
}

/* In single quotes, so that a table stays readable. */
static struct node *parse(const char *quoted)
{
    char *text = arena_strdup(&keep, quoted);
    for (char *c = text; *c != '\0'; c++)
        if (*c == '\'')
            *c = '"';
    struct node *node = json_tree_parse(&diags, &keep, text, strlen(text), "test", 1);
    assert_non_null(node);
    return node;
}

/* "FAIL TLS_PRF, as ...; WARN ...", or "-" if nothing was compared. */
static const char *compare(const char *name, const char *declared, const char *found)
{
    struct finding_list list = {.count = 0};
    const char *text = "";
    if (!reconcile_compare(&keep, name, parse(declared), parse(found), &list))
        return "-";
    for (size_t i = 0; i < list.count; i++)
        text = arena_printf(&keep, "%s%s%s %.*s", text, i == 0 ? "" : "; ",
                            outcome_name(list.items[i].outcome),
                            (int)strcspn(list.items[i].expected, ","), list.items[i].expected);
    return text;
}

#define PIN "'pin_roles':['user']"

static const struct row {
    const char *name, *declared, *found, *wanted;
} rows[] = {
    {"kdfs", "{'kdfs':['HASH']}", "{'kdfs':['HASH']," PIN "}", ""},
    {"kdfs", "{'kdfs':['HASH','TLS_PRF']}", "{'kdfs':['HASH','HMAC']," PIN "}",
     "FAIL TLS_PRF; WARN no HMAC"},
    {"kdfs", "{'kdfs':['HASH']}", "{'dh':false," PIN "}", "FAIL HASH"},
    {"kdfs", "{'kdfs':['HASH']}", "{'kdfs':[],'pin_roles':[]}", "-"},
    {"kdfs", "{}", "{'kdfs':['HASH']," PIN "}", "-"},
    {"versions", "{'versions':[6,7]}", "{'driver_versions':[5,6]}",
     "FAIL version 7; WARN no version 5"},
    {"dh", "{'dh':true}", "{'dh':false}", "FAIL dh"},
    {"no_card_mode", "{'no_card_mode':true}", "{'no_card_mode':false}", "FAIL no_card_mode"},
    {"dh", "{'dh':false}", "{'dh':true}", "WARN no dh"},
    {"dh", "{'dh':false}", "{}", ""},
    {"key_handles", "{'key_handles':true}", "{'key_handles':false," PIN "}", "FAIL key_handles"},
    {"agreements", "{'agreements':64}", "{'agreements':9," PIN "}", ""},
    {"agreements", "{'agreements':2}", "{'agreements':1," PIN "}", "FAIL 2 agreements at once"},
    {"agreements", "{'agreements':1}", "{'agreements':9," PIN "}", "WARN 1 agreements at once"},
    {"output", "{'output':'both'}", "{'output':'caller'," PIN "}",
     "FAIL blocks of the driver's own"},
    {"output", "{'output':'callee'}", "{'output':'both'," PIN "}", "WARN no the caller's buffer"},
    {"pin", "{'pin':'once'}", "{'pin':'once'," PIN "}", ""},
    {"pin", "{'pin':'once'}", "{'pin':'never'," PIN "}", "FAIL the PIN once for agreements"},
    {"pin", "{'pin':'never'}", "{'pin':'always'," PIN "}", "FAIL the PIN never for agreements"},
    {"pin", "{'pin':'once'}", "{" PIN "}", ""},
    {"pin_roles", "{'pin_roles':['user','admin']}", "{'driver_pin_roles':['user','3']}",
     "FAIL admin; WARN no 3"},
    {"size_only", "{'size_only':true}", "{'size_only':false," PIN "}", "FAIL size_only"},
    {"curves", "{'curves':['P-256','P-384']}",
     "{'containers':[{'index':0,'curve':'P-256','use':'agree'},"
     "{'index':1,'curve':'P-384','use':'unknown'},{'index':2,'curve':'P-521','use':'agree'}]," PIN
     "}",
     "FAIL P-384; WARN no P-521"},
};

static void test_reconcile__words_and_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(compare(rows[i].name, rows[i].declared, rows[i].found), rows[i].wanted);
}

/* As the comment of a probed profile tells it. */
static void test_reconcile__a_refusal_has_its_code(void **state)
{
    static const char found[] =
        "{'hashes':[],'key_handles':false,'refused':{'hashes':{'MD5':'SCARD_E_INVALID_PARAMETER'},"
        "'key_handles':{'CARD_RETURN_KEY_HANDLE':'SCARD_E_UNEXPECTED'}}," PIN "}";
    static const struct {
        const char *name, *declared, *observed;
    } cases[] = {
        {"hashes", "{'hashes':['MD5']}", "probing was refused it: SCARD_E_INVALID_PARAMETER"},
        {"hashes", "{'hashes':['SHA1']}", "probing was refused it"},
        {"key_handles", "{'key_handles':true}", "probing was refused it: SCARD_E_UNEXPECTED"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct finding_list list = {.count = 0};
        assert_true(
            reconcile_compare(&keep, cases[i].name, parse(cases[i].declared), parse(found), &list));
        assert_string_equal(list.items[0].observed, cases[i].observed);
    }
}

#define FOUND                                                                                      \
    "{'containers':[{'index':0,'curve':'P-256','use':'agree','pin':1},{'index':4,'use':'rsa'},"    \
    "{'index':5,'curve':'P-256','use':'unknown'}]," PIN "}"

static void test_reconcile__containers(void **state)
{
    (void)state;
    static const struct row cases[] = {
        {"", "{'index':0,'curve':'P-256','use':'agree'},{'index':4,'use':'rsa'},{'index':5}", "",
         ""},
        {"", "{'index':0,'curve':'P-384'},{'index':4,'use':'agree'}", "",
         "FAIL container 0 on P-384; FAIL container 4 for 'agree'; WARN no container 5"},
        {"", "{'index':0,'pin':1},{'index':4,'pin':3},{'index':5}", "", ""},
        {"", "{'index':0,'pin':3},{'index':4},{'index':5}", "", "FAIL container 0 with PIN 3"},
        {"", "{'index':0,'pin':0},{'index':4,'pin':0},{'index':5}", "",
         "FAIL container 0 without a PIN"},
        {"", "{'index':0,'use':'sign'},{'index':4},{'index':5,'use':'sign'},{'index':9}", "",
         "WARN no agreement with container 0; FAIL container 9"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(compare("containers",
                                    arena_printf(&keep, "{'containers':[%s]}", cases[i].declared),
                                    FOUND),
                            cases[i].wanted);
}

#define FREE                                                                                       \
    "{'containers':[{'index':0,'use':'agree','pin':1,'without_pin':true},{'index':1,'use':'agree'" \
    ",'without_pin':true}]," PIN "}"

/* That a key is free is R077's finding, whatever PIN the driver tells. */
static void test_reconcile__a_key_that_should_ask_for_its_pin(void **state)
{
    (void)state;
    const char *free = FREE;
    assert_string_equal(
        compare("containers", "{'containers':[{'index':0,'pin':0},{'index':1}]}", free), "");
    struct finding_list list = {.count = 0};
    assert_true(reconcile_compare(&keep, "containers",
                                  parse("{'containers':[{'index':0,'pin':1},{'index':1}]}"),
                                  parse(free), &list));
    assert_int_equal(list.count, 1);
    assert_string_equal(list.items[0].requirement, "R077");
    assert_int_equal(list.items[0].outcome, OUTCOME_FAIL);
}

/* Who is declared to need the PIN: a container by itself, the first by what is said of all. */
static void test_reconcile__declared_pins_are_taken_over(void **state)
{
    static const struct {
        const char *declared;
        bool first, last;
    } cases[] = {
        {"{'containers':[{'index':0},{'index':1,'pin':1}]}", false, true},
        {"{'pin':'once','containers':[{'index':0},{'index':1}]}", true, false},
        {"{'pin':'always','containers':[{'index':0,'pin':0}]}", false, false},
        {"{'pin':'never'}", false, false},
        {"{'pin':'once'}", true, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct node *found = parse(FREE);
        reconcile_adopt(&keep, parse(cases[i].declared), found);
        const struct node *list = node_get(found, "containers");
        assert_int_equal(node_get_bool(list->first, "pin_declared", false), cases[i].first);
        assert_int_equal(node_get_bool(list->last, "pin_declared", false), cases[i].last);
    }
}

/* What opened the key counts, not what the driver tells of it; a declaration fills a gap, no more.
 */
static void test_reconcile__the_pin_that_opens(void **state)
{
    static const char tried[] = "{'containers':[{'index':0,'use':'agree','pin':1,'role':3}],"
                                "'pin_roles':['3']}";
    static const char untold[] = "{'containers':[{'index':0,'use':'agree'}],'pin_roles':['user']}";
    (void)state;
    assert_string_equal(compare("containers", "{'containers':[{'index':0,'pin':3}]}", tried), "");
    assert_string_equal(compare("containers", "{'containers':[{'index':0,'pin':1}]}", tried),
                        "FAIL container 0 with PIN 1");
    struct node *found = parse(untold);
    reconcile_adopt(&keep, parse("{'containers':[{'index':0,'pin':5}]}"), found);
    assert_int_equal(container_role(node_get(found, "containers")->first), 5);
    found = parse(tried);
    reconcile_adopt(&keep, parse("{'containers':[{'index':0,'pin':5}]}"), found);
    assert_int_equal(container_role(node_get(found, "containers")->first), 3);
}

static void test_reconcile__keys_that_only_sign_are_taken_over(void **state)
{
    (void)state;
    struct node *found = parse(FOUND);
    reconcile_adopt(
        &keep, parse("{'containers':[{'index':0,'use':'sign'},{'index':5,'use':'sign'}]}"), found);
    const struct node *list = node_get(found, "containers");
    assert_string_equal(node_get_text(list->first, "use"), "agree");
    assert_string_equal(node_get_text(list->last, "use"), "sign");
    reconcile_adopt(&keep, NULL, found);
}

static void test_reconcile__every_capability_has_a_name(void **state)
{
    (void)state;
    size_t count = 0;
    while (reconcile_name(count) != NULL)
        count++;
    assert_int_equal(count, 16);
    assert_string_equal(compare("telepathy", "{'telepathy':true}", "{" PIN "}"), "-");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_reconcile__words_and_numbers, release),
        cmocka_unit_test_teardown(test_reconcile__containers, release),
        cmocka_unit_test_teardown(test_reconcile__a_key_that_should_ask_for_its_pin, release),
        cmocka_unit_test_teardown(test_reconcile__declared_pins_are_taken_over, release),
        cmocka_unit_test_teardown(test_reconcile__a_refusal_has_its_code, release),
        cmocka_unit_test_teardown(test_reconcile__the_pin_that_opens, release),
        cmocka_unit_test_teardown(test_reconcile__keys_that_only_sign_are_taken_over, release),
        cmocka_unit_test_teardown(test_reconcile__every_capability_has_a_name, release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
