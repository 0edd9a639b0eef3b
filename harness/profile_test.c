/* SPDX-License-Identifier: Apache-2.0 */
#include "json_tree.h"
#include "profile.h"
#include "unit.h"
#include "yaml_tree.h"

static struct arena keep;
static struct diags diags;
static struct profile profile;

static int release(void **state)
{
    (void)state;
    arena_free(&keep);
    diags_free(&diags);
    return 0;
}

static const char text[] =
    "driver: {path: ../driver.so, cwd: run, env: {TOKEN: abcdef}, logs: [\"/tmp/*.log\"]}\n"
    "abi: ms\n"
    "reader: virtual\n"
    "pins:\n"
    "  - {source: \"env:MY_PIN\"}\n"
    "  - {id: 3, source: \"fd:5\", policy: always, touch: true}\n"
    "capabilities: {versions: [6, 7], curves: [P-256], containers: [{index: 0, use: agree}]}\n"
    "budgets: {max_time_s: 60}\n"
    "waivers:\n"
    "  - {requirement: R105, code: SCARD_E_UNSUPPORTED_FEATURE, reason: r, owner: o, expires: "
    "2030-06-30}\n"
    "  - {cases: \"derive/*\", reason: r, owner: o, driver_hash: aa}\n";

static void load(void)
{
    const struct node *doc = yaml_tree_parse(
        &diags, &keep, (struct bytes){(const uint8_t *)text, strlen(text)}, "dir/p.yaml");
    bool ok = doc != NULL && profile_read(&diags, &keep, doc, "dir/p.yaml", &profile);
    diags_print(&diags, stderr);
    assert_true(ok);
}

static void test_profile__is_read(void **state)
{
    (void)state;
    load();
    assert_string_equal(profile_path(&keep, &profile, profile.driver_path), "dir/../driver.so");
    assert_string_equal(profile_path(&keep, &profile, "/abs"), "/abs");
    assert_string_equal(profile.abi, "ms");
    assert_int_equal(profile.max_time_s, 60);
    const struct profile_pin *pin = profile_find_pin(&profile, "user");
    assert_int_equal(pin->source, PIN_FROM_ENV);
    assert_string_equal(pin->variable, "MY_PIN");
    pin = profile_find_pin(&profile, "3");
    assert_int_equal(pin->fd, 5);
    assert_int_equal(pin->policy, PIN_ALWAYS);
    assert_true(pin->touch);
    assert_null(profile_find_pin(&profile, "admin"));
}

static void test_profile__waivers(void **state)
{
    (void)state;
    const uint32_t unsupported = 0x80100022u, other = 0x80100004u;
    load();
    const struct profile_waiver *first = &profile.waivers[0], *second = &profile.waivers[1];
    assert_ptr_equal(profile_find_waiver(&profile, "R105", &unsupported, "x", "bb", "2030-06-30"),
                     first);
    assert_null(profile_find_waiver(&profile, "R105", &unsupported, "x", "bb", "2030-07-01"));
    assert_null(profile_find_waiver(&profile, "R105", &other, "x", "bb", "2030-01-01"));
    assert_null(profile_find_waiver(&profile, "R105", NULL, "x", "bb", "2030-01-01"));
    assert_ptr_equal(profile_find_waiver(&profile, "R1", NULL, "derive/a", "aa", "2030-01-01"),
                     second);
    assert_null(profile_find_waiver(&profile, "R1", NULL, "derive/a", "bb", "2030-01-01"));
    assert_null(profile_find_waiver(&profile, "R1", NULL, "derive/a", NULL, "2030-01-01"));
}

static void test_profile__the_trace_gets_no_environment(void **state)
{
    (void)state;
    load();
    char *json = json_tree_text(&keep, profile_public_node(&keep, &profile));
    assert_null(strstr(json, "abcdef"));
    assert_non_null(strstr(json, "TOKEN"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_profile__is_read, release),
        cmocka_unit_test_teardown(test_profile__waivers, release),
        cmocka_unit_test_teardown(test_profile__the_trace_gets_no_environment, release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
