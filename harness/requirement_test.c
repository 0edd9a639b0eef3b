/* SPDX-License-Identifier: Apache-2.0 */
#include "case_files.h"
#include "json_tree.h"
#include "requirement.h"
#include "status_name.h"
#include "unit.h"

#include "mdcts/status.h"

static struct arena keep;
static struct diags diags;
static struct scenario all;

static int release(void **state)
{
    (void)state;
    arena_free(&keep);
    diags_free(&diags);
    all = (struct scenario){0};
    return 0;
}

static void load(void)
{
    bool ok =
        case_files_add_requirements(&diags, &keep, MDCTS_CASES_DIR "/requirements.yaml", &all);
    diags_print(&diags, stderr);
    assert_true(ok);
}

static enum outcome outcome_of(const char *id, uint32_t status)
{
    const struct requirement *row = requirement_find(&all.requirements, id);
    assert_non_null(row);
    return requirement_outcome(row, status);
}

static void test_requirement__the_catalogue_is_complete(void **state)
{
    (void)state;
    load();
    /* Rows are added at the end and never renumbered. */
    for (size_t i = 0; i < all.requirements.count; i++) {
        const struct requirement *row =
            requirement_find(&all.requirements, arena_printf(&keep, "R%03zu", i + 1));
        assert_ptr_equal(row, &all.requirements.items[i]);
        assert_non_null(row->text);
        assert_non_null(row->source);
        assert_non_null(row->observe);
        assert_non_null(row->section);
    }
    assert_true(all.requirements.count >= 253); /* with which it began */
}

static void test_requirement__outcomes_of_return_codes(void **state)
{
    (void)state;
    static const struct {
        const char *id;
        uint32_t status;
        enum outcome outcome;
    } rows[] = {
        {"R105", SCARD_E_INVALID_PARAMETER, OUTCOME_PASS},
        {"R105", SCARD_E_UNSUPPORTED_FEATURE, OUTCOME_WARN},
        {"R105", SCARD_S_SUCCESS, OUTCOME_FAIL},
        {"R105", SCARD_E_UNEXPECTED, OUTCOME_FAIL}, /* must, and no inference */
        {"R075", SCARD_E_NO_KEY_CONTAINER, OUTCOME_PASS},
        {"R075", SCARD_E_UNEXPECTED, OUTCOME_WARN}, /* inferred: another refusal of the family */
        {"R075", SCARD_W_WRONG_CHV, OUTCOME_FAIL},  /* but none that prompts */
        {"R075", NTE_BAD_FLAGS, OUTCOME_FAIL},
        {"R077", SCARD_W_SECURITY_VIOLATION, OUTCOME_PASS},
        {"R077", SCARD_E_UNEXPECTED, OUTCOME_WARN},
        {"R077", SCARD_W_CHV_BLOCKED, OUTCOME_FAIL},
        {"R077", SCARD_S_SUCCESS, OUTCOME_FAIL},
        {"R076", SCARD_W_SECURITY_VIOLATION, OUTCOME_FAIL},
        {"R209", 1, OUTCOME_PASS},
        {"R209", SCARD_S_SUCCESS, OUTCOME_FAIL},
        {"R115", SCARD_E_UNEXPECTED, OUTCOME_WARN},
        {"R115", SCARD_S_SUCCESS, OUTCOME_FAIL},
        {"R034", SCARD_S_SUCCESS, OUTCOME_WARN},          /* should */
        {"R181", SCARD_S_SUCCESS, OUTCOME_INFO},          /* may */
        {"R140", SCARD_E_NO_KEY_CONTAINER, OUTCOME_INFO}, /* no harder for being inferred */
        {"R101", SCARD_W_REMOVED_CARD, OUTCOME_PASS},
        {"R252", SCARD_E_UNEXPECTED, OUTCOME_PASS},
        {"R252", SCARD_W_RESET_CARD, OUTCOME_FAIL},
    };
    load();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (outcome_of(rows[i].id, rows[i].status) != rows[i].outcome)
            fail_msg("%s with %s: %s, expected %s", rows[i].id, status_text(&keep, rows[i].status),
                     outcome_name(outcome_of(rows[i].id, rows[i].status)),
                     outcome_name(rows[i].outcome));
}

static void test_requirement__survives_the_trace(void **state)
{
    (void)state;
    struct requirements back = {0};
    load();
    for (size_t i = 0; i < all.requirements.count; i++) {
        char *text = json_tree_text(&keep, requirement_to_node(&keep, &all.requirements.items[i]));
        struct node *node = json_tree_parse(&diags, &keep, text, strlen(text), "trace", 1);
        assert_true(requirements_add_row(&diags, &keep, node, &back));
    }
    for (size_t i = 0; i < back.count; i++)
        for (uint32_t status = 0x80100000u; status < 0x80100070u; status++)
            assert_int_equal(requirement_outcome(&back.items[i], status),
                             requirement_outcome(&all.requirements.items[i], status));
}

static void test_status_name__round_trip(void **state)
{
    (void)state;
    size_t count;
    uint32_t status, last = 0;
    const char *const *names = status_names(&count);
    assert_true(count > 60);
    for (size_t i = 0; i < count; i++) {
        assert_true(status_from_name(names[i], &status));
        assert_string_equal(status_name(status), names[i]);
        assert_true(i == 0 || status > last);
        last = status;
    }
    assert_null(status_name(0xDEADBEEFu));
    assert_string_equal(status_text(&keep, 0xDEADBEEFu), "0xDEADBEEF");
    assert_false(status_from_name("SCARD_E_NOPE", &status));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_requirement__the_catalogue_is_complete, release),
        cmocka_unit_test_teardown(test_requirement__outcomes_of_return_codes, release),
        cmocka_unit_test_teardown(test_requirement__survives_the_trace, release),
        cmocka_unit_test_teardown(test_status_name__round_trip, release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
