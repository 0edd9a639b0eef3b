/* SPDX-License-Identifier: Apache-2.0 */
#include "json_tree.h"
#include "plan.h"
#include "plan_require.h"
#include "step_role.h"
#include "unit.h"
#include "yaml_tree.h"

#include <stdio.h>

static struct arena keep;
static struct diags diags;
static struct scenario scenario;
static struct plan plan;

static int release(void **state)
{
    (void)state;
    arena_free(&keep);
    diags_free(&diags);
    scenario = (struct scenario){0};
    return 0;
}

static const char suite[] =
    "suite: test\n"
    "requirements:\n"
    "  T-1: {level: must, kind: SRC, text: One., accept: [success]}\n"
    "  T-2: {level: should, kind: SRC, text: Two., accept: [success]}\n"
    "fixtures:\n"
    "  agreed:\n"
    "    - acquire: {version: 7}\n"
    "    - authenticate: {role: user}\n"
    "    - construct: {curve: $curve, as: z}\n"
    "cases:\n"
    "  - id: derive/hash\n"
    "    about: Hashes.\n"
    "    requirement: T-1\n"
    "    matrix: {curve: [P-256, P-384], hash: [SHA1, SHA256, SHA384]}\n"
    "    fixture: agreed\n"
    "    steps:\n"
    "      - derive: {agreement: $z, kdf: HASH, flags: {bit: 0}, parameters:\n"
    "                [{KDF_HASH_ALGORITHM: $hash}, {KDF_SECRET_PREPEND: \"hex:0102\"},\n"
    "                 {KDF_SECRET_HANDLE: h1}, {KDF_TLS_PRF_PROTOCOL: 0x0301},\n"
    "                 {0x7F: {cb: 9, value: abc}}, {KDF_HMAC_KEY: null}]}\n"
    "        expect: {return: success, key: oracle}\n"
    "        repeat: 3\n"
    "  - id: derive/none\n"
    "    about: No KDF.\n"
    "    requirement: T-2\n"
    "    matrix: {bit: [1..3, 30]}\n"
    "    requires: {secret_handles: true}\n"
    "    allow: [stress]\n"
    "    steps:\n"
    "      - acquire: {}\n"
    "      - construct: {curve: P-256, as: z, peer: {leading_zeros: 2, magic: 7}}\n"
    "      - derive: {agreement: $z, kdf: {unknown: FOO}, flags: {bit: $bit}, output: {size: "
    "exact, "
    "plus: -1}}\n"
    "        expect: {return: [SCARD_E_INVALID_PARAMETER, 5], for: T-2}\n";

static void load(void)
{
    const struct node *doc = yaml_tree_parse(
        &diags, &keep, (struct bytes){(const uint8_t *)suite, strlen(suite)}, "t/suite.yaml");
    bool ok = doc != NULL && scenario_add_suite(&diags, &keep, doc, "t/suite.yaml", &scenario) &&
              scenario_check(&diags, &keep, &scenario);
    diags_print(&diags, stderr);
    assert_true(ok);
}

static bool make(const char *selector, struct plan_options options)
{
    const char **selectors = arena_array(&keep, const char *, 1);
    selectors[0] = selector;
    options.selectors = selectors;
    options.selector_count = selector == NULL ? 0 : 1;
    return plan_make(&diags, &keep, &scenario, &options, &plan);
}

static size_t count_selected(const char *selector)
{
    return make(selector, (struct plan_options){.allow = ALLOW_ALL}) ? plan.count : 0;
}

static void test_plan__matrix_and_ids(void **state)
{
    (void)state;
    load();
    assert_int_equal(count_selected(NULL), 10);
    assert_string_equal(plan.cases[1].id, "derive/hash[curve=P-256,hash=SHA256]");
    assert_string_equal(plan.cases[9].id, "derive/none[bit=30]");
}

static void test_plan__selection(void **state)
{
    (void)state;
    load();
    assert_int_equal(count_selected("T-2"), 4);
    assert_int_equal(count_selected("derive"), 10);
    assert_int_equal(count_selected("derive/hash"), 6);
    assert_int_equal(count_selected("*hash=SHA1]"), 2);
    assert_int_equal(count_selected("derive/hash[curve=P-384,hash=SHA1]"), 1);
    assert_int_equal(count_selected("suite.yaml"), 10);
    assert_int_equal(count_selected("./t/suite.yaml"), 10);
    const char *words[] = {"suite.yaml", "derive/hash[curve=P-384,hash=SHA1]"};
    struct plan_options both = {.selectors = words, .selector_count = 2, .allow = ALLOW_ALL};
    assert_true(plan_make(&diags, &keep, &scenario, &both, &plan));
    assert_int_equal(plan.count, 1); /* the file says where it is */
    assert_int_equal(diags.count, 0);
    assert_int_equal(count_selected("uite.yaml"), 0);
    assert_int_equal(diags.count, 1);
}

static void test_plan__level_and_shards(void **state)
{
    (void)state;
    load();
    assert_true(make(NULL, (struct plan_options){.has_level = true, .level = LEVEL_MUST}));
    assert_int_equal(plan.count, 6);
    size_t total = 0;
    for (unsigned k = 1; k <= 3; k++) {
        assert_true(make(NULL, (struct plan_options){.shard = k, .shards = 3}));
        total += plan.count;
    }
    assert_int_equal(total, 10);
}

static const struct node *capabilities(const char *text)
{
    return json_tree_parse(&diags, &keep, text, strlen(text), "c", 1);
}

static void test_plan__skips(void **state)
{
    (void)state;
    load();
    struct plan_options options = {
        .allow = ALLOW_ALL,
        .capabilities = capabilities(
            "{\"dh\":true,\"containers\":[{\"index\":0,\"curve\":\"P-256\",\"use\":\"agree\"}],"
            "\"kdfs\":[\"HASH\"],\"hashes\":[\"SHA1\",\"SHA256\"],\"secret_handles\":false}"),
    };
    assert_true(make(NULL, options));
    assert_null(plan.cases[0].skip);
    assert_string_equal(plan.cases[2].skip, "no hash SHA384");
    assert_string_equal(plan.cases[3].skip, "no container agrees on P-384");
    assert_string_equal(plan.cases[6].skip, "no secret handles");
    options.allow = 0;
    assert_true(make(NULL, options));
    assert_string_equal(plan.cases[6].skip, "needs --allow stress");
    options.capabilities = capabilities("{\"dh\":false}");
    assert_true(make(NULL, options));
    assert_string_equal(plan.cases[0].skip, "no key agreement");
}

/* What run writes into the trace is what the judge reads. */
static void read_back(size_t n, struct planned *planned)
{
    char *text = json_tree_text(&keep, plan_case_node(&plan, n, &keep));
    const struct node *node = json_tree_parse(&diags, &keep, text, strlen(text), "trace", 1);
    assert_non_null(node);
    bool ok = planned_read(&diags, &keep, node, planned);
    diags_print(&diags, stderr);
    assert_true(ok);
}

static struct node *json(const char *text)
{
    return json_tree_parse(&diags, &keep, text, strlen(text), "t", 1);
}

static bool is_skipped(const struct node *capabilities, const struct step *steps, size_t count)
{
    struct require_case needs = {.steps = steps, .step_count = count};
    return require_missing(&keep, &needs, capabilities, true, 1) != NULL;
}

static void test_plan__a_pin_for_each_agreement(void **state)
{
    static const char *const texts[] = {
        "{\"authenticate\":{}}", "{\"construct\":{\"container\":0}}",
        "{\"construct\":{\"container\":0}}", "{\"authenticate\":{}}",
        "{\"construct\":{\"container\":0},\"repeat\":2}"};
    const struct node *once = json("{\"dh\":true,\"pin_always\":false}");
    const struct node *always = json("{\"dh\":true,\"pin_always\":true}");
    struct step steps[5];
    (void)state;
    for (size_t i = 0; i < 5; i++)
        assert_true(scenario_read_step(&diags, &keep, json(texts[i]), &steps[i]));
    assert_false(is_skipped(once, steps, 5));
    assert_false(is_skipped(always, steps, 2));
    assert_true(is_skipped(always, steps, 3));
    assert_true(is_skipped(always, steps + 3, 2));
    steps[4].repeat = 1;
    assert_false(is_skipped(always, steps + 2, 3));
}

static void test_plan__any_curve_is_one_that_agrees(void **state)
{
    const struct node *only = json("{\"containers\":[{\"use\":\"sign\",\"curve\":\"P-256\"},"
                                   "{\"use\":\"agree\",\"curve\":\"P-521\"},"
                                   "{\"use\":\"agree\",\"curve\":\"P-384\"}]}");
    struct node *args = node_new_map(&keep);
    struct step step = {.op = STEP_CONSTRUCT, .args = args};
    struct require_case needs = {.steps = &step, .step_count = 1};
    (void)state;
    node_add(args, "curve", node_new_string(&keep, "any"));
    assert_string_equal(step_container(&step, only).curve, "P-384");
    assert_null(step_container(&step, NULL).curve);
    assert_string_equal(require_missing(&keep, &needs, json("{\"dh\":true}"), true, 1),
                        "no container agrees");
}

/* What tells a key that signs from one that nothing is known of. */
static void test_plan__an_ecdsa_container(void **state)
{
    static const struct {
        const char *row;
        bool fits;
    } rows[] = {
        {"\"use\":\"sign\"", true},
        {"\"use\":\"unknown\",\"blob\":\"sig\",\"curve\":\"P-256\"", true},
        {"\"use\":\"unknown\",\"blob\":\"keyex\",\"curve\":\"P-256\"", false},
        {"\"use\":\"unknown\",\"blob\":\"sig\"", false},
        {"\"use\":\"agree\",\"blob\":\"sig\",\"curve\":\"P-256\"", false},
        {"\"use\":\"rsa\"", false},
    };
    struct node *args = node_new_map(&keep);
    struct step step = {.op = STEP_CONTAINER_INFO, .args = args};
    (void)state;
    node_add(args, "container", node_new_string(&keep, "ecdsa"));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct node *all =
            json(arena_printf(&keep, "{\"containers\":[{\"index\":3,%s}]}", rows[i].row));
        assert_int_equal(step_container_row(&step, all) != NULL, rows[i].fits);
        assert_int_equal(is_skipped(all, &step, 1), !rows[i].fits);
    }
}

static bool said_is_missing(const char *said, const char *capabilities)
{
    struct require_case needs = {.said = {json(said)}};
    return require_missing(&keep, &needs, json(capabilities), true, 1) != NULL;
}

static void test_plan__what_probing_found_of_the_card(void **state)
{
    static const char one[] = "{'containers':[{'use':'agree','pin':1},{'use':'rsa','pin':3}]}";
    static const char two[] = "{'containers':[{'use':'agree','pin':1},{'use':'agree','pin':3}]}";
    char *texts[] = {arena_strdup(&keep, one), arena_strdup(&keep, two)};
    (void)state;
    for (size_t i = 0; i < 2; i++)
        for (char *at = texts[i]; (at = strchr(at, '\'')) != NULL;)
            *at = '"';
    assert_false(said_is_missing("{\"pin_pad\":false}", texts[0]));
    assert_true(said_is_missing("{\"pin_pad\":true}", texts[0]));
    assert_false(said_is_missing("{\"pin_pad\":true}", "{\"pin_pad\":true}"));
    assert_true(said_is_missing("{\"other_pin\":1}", texts[0]));
    assert_false(said_is_missing("{\"other_pin\":3}", texts[0]));
    assert_true(said_is_missing("{\"other_pin\":3}", texts[1]));
    assert_true(said_is_missing("{\"other_pin\":3}", "{\"containers\":[]}"));
    assert_true(said_is_missing("{\"other_pin\":3}", "{\"containers\":[{\"use\":\"agree\"}]}"));
    assert_false(said_is_missing("{\"read_only\":true}", "{\"read_only\":true}"));
    assert_true(said_is_missing("{\"rsa\":false}", "{\"rsa\":true}"));
}

static const char *missing_for(const char *const *texts, size_t count, const char *capabilities)
{
    struct step steps[8];
    struct require_case needs = {.steps = steps, .step_count = count};
    for (size_t i = 0; i < count; i++)
        assert_true(scenario_read_step(&diags, &keep, json(texts[i]), &steps[i]));
    const char *why = require_missing(&keep, &needs, json(capabilities), true, 1);
    return why == NULL ? "" : why;
}

/* A PIN opens keys in its own context. */
static void test_plan__each_context_has_its_pin(void **state)
{
    static const char capabilities[] =
        "{\"dh\":true,\"driver_versions\":[7],\"pin_roles\":[\"user\",\"3\"],\"containers\":["
        "{\"index\":1,\"use\":\"agree\",\"curve\":\"P-256\",\"role\":3},"
        "{\"index\":2,\"use\":\"agree\",\"curve\":\"P-384\",\"role\":1}]}";
    static const char *const texts[] = {
        "{\"acquire\":{}}",
        "{\"acquire\":{\"as\":\"b\"}}",
        "{\"authenticate\":{\"role\":\"agreement\"}}",
        "{\"authenticate\":{\"role\":\"agreement\"},\"context\":\"b\"}",
        "{\"construct\":{\"curve\":\"P-256\"}}",
        "{\"construct\":{\"curve\":\"P-384\"},\"context\":\"b\"}",
        "{\"construct\":{\"curve\":\"P-256\"},\"context\":\"b\"}"};
    (void)state;
    assert_string_equal(missing_for(texts, 6, capabilities), "");
    assert_string_equal(missing_for(texts, 7, capabilities), "its containers have different PINs");
}

/* Another PIN may go, and then the key's is still there: a case that names the user's is not for a
 * card whose keys have one of their own, unless it says that it is about that. */
static void test_plan__a_pin_that_goes_is_the_agreements(void **state)
{
    static const char capabilities[] =
        "{\"dh\":true,\"driver_versions\":[7],\"pin_roles\":[\"user\",\"3\"],\"containers\":["
        "{\"index\":1,\"use\":\"agree\",\"curve\":\"P-256\",\"pin\":3}]}";
    static const char *const texts[] = {
        "{\"acquire\":{}}", "{\"authenticate\":{\"role\":\"agreement\"}}",
        "{\"construct\":{\"curve\":\"P-256\"}}", "{\"deauthenticate\":{\"role\":\"user\"}}",
        "{\"construct\":{\"curve\":\"P-256\"}}"};
    struct step steps[5];
    struct require_case needs = {.steps = steps, .step_count = 5};
    (void)state;
    assert_string_equal(missing_for(texts, 4, capabilities), "");
    assert_string_equal(missing_for(texts, 5, capabilities),
                        "PIN user is not that of the container; role: agreement would be");
    for (size_t i = 0; i < 5; i++)
        assert_true(scenario_read_step(&diags, &keep, json(texts[i]), &steps[i]));
    needs.said[0] = json("{\"other_pin\":1}");
    assert_null(require_missing(&keep, &needs, json(capabilities), true, 1));
}

/* Whose PIN `role: agreement` is, and when no PIN that the run has will do. */
static void test_plan__the_agreements_pin(void **state)
{
    static const char capabilities[] =
        "{\"dh\":true,\"driver_versions\":[5,7],\"pin_roles\":[\"user\",\"3\"],\"containers\":["
        "{\"index\":0,\"use\":\"rsa\"},"
        "{\"index\":1,\"use\":\"agree\",\"curve\":\"P-256\",\"pin\":1,\"role\":3},"
        "{\"index\":2,\"use\":\"agree\",\"curve\":\"P-384\",\"pin\":1},"
        "{\"index\":3,\"use\":\"agree\",\"curve\":\"P-521\",\"pin\":4}]}";
    static const struct {
        const char *version, *role, *first, *second;
        uint32_t wanted;
        const char *why; /* NULL: the case runs */
    } rows[] = {
        {"7", "agreement", "\"curve\":\"P-256\"", "\"nth\":1,\"curve\":\"P-256\"", 3, NULL},
        {"7", "agreement", "\"container\":2", "\"curve\":\"P-384\"", 1, NULL},
        {"7", "agreement", "\"curve\":\"any\"", "\"container\":0", 3, NULL},
        {"7", "named", "\"curve\":\"P-256\"", "\"curve\":\"P-256\"", 1, NULL},
        {"7", "user", "\"curve\":\"P-384\"", "\"curve\":\"P-384\"", 1, NULL},
        {"7", "user", "\"curve\":\"P-384\"", "\"curve\":\"P-256\"", 1,
         "PIN user is not that of the container; role: agreement would be"},
        {"7", "agreement", "\"curve\":\"P-384\"", "\"curve\":\"P-256\"", 1,
         "its containers have different PINs"},
        {"7", "agreement", "\"curve\":\"P-521\"", "\"curve\":\"P-521\"", 4, "no PIN for role 4"},
        {"5", "agreement", "\"curve\":\"P-384\"", "\"curve\":\"P-384\"", 1, NULL},
        {"5", "agreement", "\"curve\":\"P-256\"", "\"curve\":\"P-256\"", 3,
         "PIN 3 can't be presented before version 6"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *texts[] = {
            arena_printf(&keep, "{\"acquire\":{\"version\":%s}}", rows[i].version),
            arena_printf(&keep, "{\"authenticate\":{\"role\":\"%s\"}}", rows[i].role),
            arena_printf(&keep, "{\"construct\":{%s}}", rows[i].first),
            arena_printf(&keep, "{\"construct\":{%s}}", rows[i].second)};
        struct step steps[4];
        struct require_case needs = {.steps = steps, .step_count = 4};
        for (size_t j = 0; j < 4; j++)
            assert_true(scenario_read_step(&diags, &keep, json(texts[j]), &steps[j]));
        const char *why = require_missing(&keep, &needs, json(capabilities), true, 1);
        assert_int_equal(step_role(steps, 4, 1, json(capabilities)), rows[i].wanted);
        assert_string_equal(why == NULL ? "" : why, rows[i].why == NULL ? "" : rows[i].why);
    }
}

/* The need goes by the container that the case agrees with, not by the first one of the card. */
static void test_plan__a_pin_is_the_containers(void **state)
{
    static const struct {
        const char *of_384;
        bool skipped;
    } rows[] = {
        {"\"without_pin\":true", true},
        {"\"without_pin\":false", false},
        {"\"without_pin\":true,\"pin_declared\":true", false},
    };
    struct step step;
    (void)state;
    assert_true(
        scenario_read_step(&diags, &keep, json("{\"construct\":{\"curve\":\"P-384\"}}"), &step));
    for (size_t i = 0; i < 3; i++)
        for (unsigned never = 0; never < 2; never++) {
            struct require_case needs = {
                .said = {json("{\"pin\":true}")}, .steps = &step, .step_count = 1};
            const char *text = arena_printf(
                &keep,
                "{\"dh\":true,\"pin_never\":%s,\"containers\":["
                "{\"index\":0,\"curve\":\"P-256\",\"use\":\"agree\",\"without_pin\":%s},"
                "{\"index\":1,\"curve\":\"P-384\",\"use\":\"agree\",%s}]}",
                never ? "true" : "false", never ? "true" : "false", rows[i].of_384);
            bool skipped = require_missing(&keep, &needs, json(text), true, 1) != NULL;
            assert_int_equal(skipped, rows[i].skipped);
        }
}

/* What disturbs the card needs one that can be disturbed. */
static void test_plan__troubled_cards_are_virtual(void **state)
{
    struct step step;
    struct require_case needs = {.steps = &step, .step_count = 1};
    const char *text = "{\"capabilities\":{},\"card\":{\"at\":2,\"status\":28416}}";
    (void)state;
    assert_true(scenario_read_step(&diags, &keep, json(text), &step));
    assert_string_equal(step.card.what, "sw 6F00");
    assert_int_equal(step.card.at, 2);
    assert_null(require_missing(&keep, &needs, json("{}"), true, 1));
    assert_non_null(require_missing(&keep, &needs, json("{}"), false, 1));
}

static void test_plan__a_block_is_spelt_out(void **state)
{
    static const char text[] = "suite: t\n"
                               "requirements:\n"
                               "  T-1: {level: must, kind: SRC, text: One., accept: [success]}\n"
                               "cases:\n"
                               "  - id: block\n"
                               "    about: A block.\n"
                               "    requirement: T-1\n"
                               "    matrix: {n: [3]}\n"
                               "    steps:\n"
                               "      - acquire: {}\n"
                               "      - repeat: $n\n"
                               "        steps:\n"
                               "          - capabilities: {}\n"
                               "          - capabilities: {version: 2}\n"
                               "            expect: {return: success}\n";
    struct planned planned;
    struct plan_options options = {0};
    (void)state;
    const struct node *doc = yaml_tree_parse(
        &diags, &keep, (struct bytes){(const uint8_t *)text, sizeof text - 1}, "block.yaml");
    assert_true(scenario_add_suite(&diags, &keep, doc, "block.yaml", &scenario));
    assert_true(scenario_check(&diags, &keep, &scenario));
    assert_true(plan_make(&diags, &keep, &scenario, &options, &plan));
    read_back(0, &planned);
    assert_int_equal(planned.step_count, 3);
    assert_int_equal(planned.steps[0].block, 0);
    assert_int_equal(planned.steps[1].block, 2);
    assert_int_equal(planned.steps[1].repeat, 3);
    assert_int_equal(planned.steps[2].block, 0);
    assert_int_equal(planned.steps[2].repeat, 3);
    assert_true(step_is_repeated(&planned.steps[2]));
}

static void test_plan__a_case_survives_the_trace(void **state)
{
    (void)state;
    struct planned planned;
    load();
    assert_int_equal(count_selected(NULL), 10);
    read_back(4, &planned);
    assert_string_equal(planned.id, "derive/hash[curve=P-384,hash=SHA256]");
    assert_string_equal(planned.base, "derive/hash");
    assert_int_equal(planned.fixture_steps, 3);
    assert_int_equal(planned.step_count, 4);
    assert_string_equal(step_container(&planned.steps[2], NULL).curve, "P-384");
    const struct step *derive = &planned.steps[3];
    assert_int_equal(derive->line, 17);
    assert_string_equal(derive->at.file, "t/suite.yaml");
    assert_int_equal(derive->repeat, 3);
    assert_int_equal(step_flags(derive), 1);
    assert_int_equal(derive->expects[0].returns, RETURN_SUCCESS);
    assert_int_equal(derive->expects[0].key.rule, KEY_ORACLE);
    struct agreement_ref ref;
    assert_true(step_agreement(derive, &ref));
    assert_string_equal(ref.name, "z");
}

static void test_plan__parameters(void **state)
{
    (void)state;
    struct planned planned;
    load();
    assert_int_equal(count_selected(NULL), 10);
    read_back(0, &planned);
    struct parameter_list list = step_parameters(&keep, &planned.steps[3]);
    assert_int_equal(list.kind, PARAMETERS_LIST);
    assert_int_equal(list.count, 6);
    assert_string_equal(bytes_to_hex(&keep, list.items[0].value), "530048004100310000"
                                                                  "00");
    assert_int_equal(list.items[0].cb, 10);
    assert_string_equal(bytes_to_hex(&keep, list.items[1].value), "0102");
    assert_string_equal(list.items[2].handle, "h1");
    assert_string_equal(bytes_to_hex(&keep, list.items[3].value), "01030000");
    assert_int_equal(list.items[4].type, 0x7F);
    assert_int_equal(list.items[4].cb, 9);
    assert_int_equal(list.items[4].value.len, 3);
    assert_true(list.items[5].null);
    assert_int_equal(list.items[5].cb, 0);
}

static void test_plan__odd_values(void **state)
{
    (void)state;
    struct planned planned;
    load();
    assert_int_equal(count_selected("derive/none"), 4);
    read_back(3, &planned);
    struct peer_spec peer = step_peer(&planned.steps[1]);
    assert_int_equal(peer.leading_zeros, 2);
    assert_true(peer.has_magic && !peer.has_length);
    const struct step *derive = &planned.steps[2];
    assert_int_equal(step_kdf(derive).kind, KDF_UNKNOWN);
    assert_string_equal(step_kdf(derive).name, "FOO");
    assert_int_equal(step_flags(derive), 0x40000000);
    assert_true(step_output(derive).exact);
    assert_int_equal(step_output(derive).plus, -1);
    assert_int_equal(derive->expects[0].code_count, 2);
    assert_int_equal(derive->expects[0].codes[0], 0x80100004u);
    assert_string_equal(derive->expects[0].requirement, "T-2");
}

static void test_plan__a_broken_trace_is_no_plan(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "{}",
        "[]",
        "{\"id\":\"a\",\"base\":\"a\",\"requirement\":\"R\",\"steps\":[1]}",
        "{\"id\":\"a\",\"base\":\"a\",\"requirement\":\"R\",\"steps\":[],\"fixture_steps\":2}",
        "{\"id\":\"a\",\"base\":\"a\",\"requirement\":\"R\",\"steps\":[{\"derive\":{}}]}",
    };
    struct planned planned;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(planned_read(&diags, &keep, capabilities(bad[i]), &planned));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_plan__matrix_and_ids, release),
        cmocka_unit_test_teardown(test_plan__selection, release),
        cmocka_unit_test_teardown(test_plan__level_and_shards, release),
        cmocka_unit_test_teardown(test_plan__skips, release),
        cmocka_unit_test_teardown(test_plan__a_pin_for_each_agreement, release),
        cmocka_unit_test_teardown(test_plan__any_curve_is_one_that_agrees, release),
        cmocka_unit_test_teardown(test_plan__a_pin_that_goes_is_the_agreements, release),
        cmocka_unit_test_teardown(test_plan__the_agreements_pin, release),
        cmocka_unit_test_teardown(test_plan__each_context_has_its_pin, release),
        cmocka_unit_test_teardown(test_plan__an_ecdsa_container, release),
        cmocka_unit_test_teardown(test_plan__a_pin_is_the_containers, release),
        cmocka_unit_test_teardown(test_plan__what_probing_found_of_the_card, release),
        cmocka_unit_test_teardown(test_plan__troubled_cards_are_virtual, release),
        cmocka_unit_test_teardown(test_plan__a_block_is_spelt_out, release),
        cmocka_unit_test_teardown(test_plan__a_case_survives_the_trace, release),
        cmocka_unit_test_teardown(test_plan__parameters, release),
        cmocka_unit_test_teardown(test_plan__odd_values, release),
        cmocka_unit_test_teardown(test_plan__a_broken_trace_is_no_plan, release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
