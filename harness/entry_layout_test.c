/* SPDX-License-Identifier: Apache-2.0 */
#include "entry_layout.h"

#include "link.h"
#include "mdcts/cardmod.h"
#include "unit.h"

#include <string.h>

static void test_layout__every_entry_point_of_the_link_is_described(void **state)
{
    (void)state;
    for (int i = 0; i < ENTRY_COUNT; i++)
        if (entry_layout_find(entry_rows[i].name) == NULL)
            fail_msg("%s has no layout", entry_rows[i].name);
}

static void test_layout__lengths_name_parameters_or_members(void **state)
{
    (void)state;
    for (int i = 0; i < ENTRY_COUNT; i++) {
        const struct entry_layout *entry = entry_layout_find(entry_rows[i].name);
        assert_true(entry->parameter_count <= ENTRY_PARAMETERS_MAX);
        assert_int_equal(entry->parameters[0].kind, LAYOUT_CARD_DATA);
        for (size_t p = 0; p < entry->parameter_count; p++) {
            const char *length = entry->parameters[p].length;
            bool found = length == NULL;
            for (size_t q = 0; q < entry->parameter_count && !found; q++)
                found = strcmp(entry->parameters[q].name, length) == 0;
            if (!found)
                fail_msg("%s: nothing is called %s", entry->name, length);
        }
    }
}

static void test_layout__card_data_has_no_gap_but_padding(void **state)
{
    (void)state;
    size_t count, at = 0;
    const struct value_layout *members = card_data_members(&count);
    for (size_t i = 0; i < count; i++) {
        assert_true(members[i].offset >= at && members[i].offset - at < 8);
        at = (size_t)members[i].offset + members[i].size;
    }
    assert_int_equal(at, sizeof(CARD_DATA));
}

static void test_layout__sizes_by_version(void **state)
{
    (void)state;
    static const size_t sizes[][2] = {{0, 328}, {4, 328}, {5, 352}, {6, 416}, {7, 504}, {100, 504}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        assert_int_equal(card_data_size((uint32_t)sizes[i][0]), sizes[i][1]);
}

static void test_layout__owners(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum card_data_owner owner;
    } rows[] = {
        {"dwVersion", OWNER_BOTH},
        {"pbAtr", OWNER_CALLER},
        {"pfnCspCacheAddFile", OWNER_CALLER_LATER},
        {"pvCacheContext", OWNER_CALLER_LATER},
        {"hScard", OWNER_CALLER},
        {"pvVendorSpecific", OWNER_DRIVER},
        {"pfnCardDeriveKey", OWNER_DRIVER},
        {"pfnCspGetDHAgreement", OWNER_CALLER},
        {"pfnCspUnpadData", OWNER_CALLER},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(card_data_owner(card_data_member(rows[i].name)), rows[i].owner);
    assert_null(card_data_member("pfnNoSuchThing"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layout__every_entry_point_of_the_link_is_described),
        cmocka_unit_test(test_layout__lengths_name_parameters_or_members),
        cmocka_unit_test(test_layout__card_data_has_no_gap_but_padding),
        cmocka_unit_test(test_layout__sizes_by_version),
        cmocka_unit_test(test_layout__owners),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0; /* never a count */
}
