/* SPDX-License-Identifier: Apache-2.0 */
#include "call_image.h"

#include "mdcts/cardmod.h"
#include "mdcts/cng.h"
#include "unit.h"

#include <stddef.h>
#include <string.h>

static struct arena arena;

static int reset(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static struct call_image *image_of(const char *entry)
{
    return call_image_new(&arena, entry_layout_find(entry), 3);
}

static const struct host_object *object_named(const struct host_call *call, const char *name)
{
    for (size_t i = call->object_count; i > 0; i--)
        if (strcmp(call->objects[i - 1].name, name) == 0)
            return &call->objects[i - 1];
    return NULL;
}

static void test_image__construct_has_valid_defaults(void **state)
{
    (void)state;
    struct host_call call = call_image_call(image_of("CardConstructDHAgreement"));
    CARD_DH_AGREEMENT_INFO info;
    assert_int_equal(call.entry, ENTRY_CardConstructDHAgreement);
    assert_int_equal(call.arg_count, 2);
    assert_int_equal(call.args[0].kind, VALUE_CONTEXT);
    assert_int_equal(call.args[0].index, 3);
    assert_int_equal(call.objects[0].size, sizeof info);
    memcpy(&info, call.objects[0].bytes.data, sizeof info);
    assert_int_equal(info.dwVersion, 2);
    assert_null(info.pbPublicKey);
}

static void test_image__input_sets_its_length_and_pointer(void **state)
{
    (void)state;
    struct call_image *image = image_of("CardConstructDHAgreement");
    assert_true(
        call_image_set_input(image, "pbPublicKey", (struct bytes){(const uint8_t *)"abc", 3}));
    struct host_call call = call_image_call(image);
    CARD_DH_AGREEMENT_INFO info;
    memcpy(&info, call.objects[0].bytes.data, sizeof info);
    assert_int_equal(info.dwPublicKey, 3);
    assert_int_equal(call.relocation_count, 1);
    assert_int_equal(call.relocations[0].offset, offsetof(CARD_DH_AGREEMENT_INFO, pbPublicKey));
    assert_int_equal(call.objects[call.relocations[0].value.index].size, 3);
}

static void test_image__null_replaces_a_pointer_and_keeps_the_length(void **state)
{
    (void)state;
    struct call_image *image = image_of("CardConstructDHAgreement");
    call_image_set_input(image, "pbPublicKey", (struct bytes){(const uint8_t *)"abc", 3});
    assert_true(call_image_set_null(image, "pbPublicKey"));
    struct host_call call = call_image_call(image);
    CARD_DH_AGREEMENT_INFO info;
    memcpy(&info, call.objects[0].bytes.data, sizeof info);
    assert_int_equal(call.relocation_count, 0);
    assert_int_equal(info.dwPublicKey, 3);
}

static void test_image__null_for_a_structure_is_a_null_argument(void **state)
{
    (void)state;
    struct call_image *image = image_of("CardDeriveKey");
    assert_true(call_image_set_null(image, "pAgreementInfo"));
    struct host_call call = call_image_call(image);
    assert_int_equal(call.args[1].kind, VALUE_NUMBER);
    assert_int_equal(call.args[1].number, 0);
    assert_int_equal(call.follow_count, 0);
}

static void test_image__names_that_do_not_exist_are_refused(void **state)
{
    (void)state;
    struct call_image *image = image_of("CardDeriveKey");
    assert_false(call_image_set_number(image, "dwNoSuch", 1));
    assert_false(call_image_set_null(image, "pbPublicKey"));
    assert_false(call_image_set_text(image, "pwszNone", "x"));
}

static void test_image__version_1_of_derive_ends_at_48_bytes(void **state)
{
    (void)state;
    struct call_image *image = image_of("CardDeriveKey");
    call_image_set_text(image, "pwszAlgId", "AES");
    call_image_cut_struct(image, MDCTS_CARD_DERIVE_KEY_SIZE_1, true);
    struct host_call call = call_image_call(image);
    assert_int_equal(call.objects[0].size, 48);
    for (size_t i = 0; i < call.relocation_count; i++)
        assert_true(call.relocations[i].object != 0 || call.relocations[i].offset < 48);
}

static void test_image__parameters_lie_in_a_list_with_their_bytes(void **state)
{
    (void)state;
    struct parameter items[] = {
        {.type = KDF_HMAC_KEY,
         .type_name = "KDF_HMAC_KEY",
         .value = {(const uint8_t *)"\3\6", 2},
         .cb = 2},
        {.type = KDF_SECRET_HANDLE, .type_name = "KDF_SECRET_HANDLE", .handle = "h1", .cb = 8},
        {.type = KDF_HASH_ALGORITHM, .type_name = "KDF_HASH_ALGORITHM", .null = true},
        {.type = KDF_SECRET_HANDLE, .type_name = "KDF_SECRET_HANDLE", .handle = "h1", .cb = 8},
    };
    struct parameter_list list = {PARAMETERS_LIST, items, 4};
    struct image_answer answer = {"h1", 7, 0, true, 0, false};
    struct call_image *image = image_of("CardDeriveKey");
    call_image_set_parameters(image, &list);
    call_image_set_answers(image, &answer, 1);
    struct host_call call = call_image_call(image);
    const struct host_object *buffers = &call.objects[2];
    BCryptBuffer seen[4];
    assert_int_equal(buffers->size, sizeof seen);
    memcpy(seen, buffers->bytes.data, sizeof seen);
    assert_int_equal(seen[0].BufferType, KDF_HMAC_KEY);
    assert_int_equal(seen[0].cbBuffer, 2);
    assert_null(seen[2].pvBuffer);
    assert_non_null(seen[1].pvBuffer);
    assert_ptr_equal(seen[1].pvBuffer, seen[3].pvBuffer); /* the same name is the same handle */
    assert_int_equal(call.answer_count, 2);
    assert_int_equal(call.answers[1].parameter, 3);
    assert_int_equal(call.answers[1].index, 7);
    assert_int_equal(call.answers[0].handle, (uintptr_t)seen[1].pvBuffer);
}

static void test_image__text_is_utf16_where_the_interface_says_so(void **state)
{
    (void)state;
    struct call_image *image = image_of("CardDeriveKey");
    call_image_set_text(image, "pwszKDF", "HASH");
    struct host_call call = call_image_call(image);
    const struct host_object *text = object_named(&call, "pwszKDF");
    assert_int_equal(text->size, 10);
    assert_memory_equal(text->bytes.data, u"HASH", 10);
    image = image_of("CardReadFile");
    call_image_set_text(image, "pszFileName", "cmapfile");
    call = call_image_call(image);
    assert_int_equal(object_named(&call, "pszFileName")->size, 9);
}

static struct host_result result_with(const struct host_call *call, struct bytes image0)
{
    struct bytes *images = arena_array(&arena, struct bytes, call->object_count);
    images[0] = image0;
    return (struct host_result){
        .outcome = HOST_RETURNED, .images = images, .image_count = call->object_count};
}

static void test_image__outputs_name_members_and_blocks(void **state)
{
    (void)state;
    struct call_image *image = image_of("CardDeriveKey");
    struct host_call call = call_image_call(image);
    CARD_DERIVE_KEY after = {.dwVersion = 1, .cbDerivedKey = 2};
    struct host_followed key = {
        .pointer = {.kind = POINTER_BLOCK, .index = 9, .live = true, .size = 2},
        .readable = true,
        .bytes = {(const uint8_t *)"\xab\xcd", 2}};
    struct host_result result =
        result_with(&call, (struct bytes){(const uint8_t *)&after, sizeof after});
    result.follows = &key;
    result.follow_count = 1;
    struct node *out = call_image_outputs(image, &result);
    assert_int_equal(node_get_uint(out, "cbDerivedKey", 0), 2);
    assert_int_equal(node_get_uint(node_get(out, "pbDerivedKey"), "block", 0), 9);
    assert_string_equal(node_get_text(out, "key"), "abcd");
    result.status = 0x80100004u;
    assert_null(node_get(call_image_outputs(image, &result), "key"));
}

static uint64_t unwritten_of(uint32_t status, const char *key, const char *bytes)
{
    struct call_image *image = image_of("CardDeriveKey");
    struct host_call call = call_image_call(image);
    CARD_DERIVE_KEY after = {.dwVersion = 1, .cbDerivedKey = (DWORD)strlen(bytes)};
    struct host_followed followed = {
        .pointer = {.kind = POINTER_BLOCK, .index = 9, .live = true, .size = strlen(bytes)},
        .readable = true,
        .bytes = {(const uint8_t *)bytes, strlen(bytes)}};
    struct host_result result =
        result_with(&call, (struct bytes){(const uint8_t *)&after, sizeof after});
    result.follows = &followed;
    result.follow_count = 1;
    result.status = status;
    return node_get_uint(node_get(call_image_outputs(image, &result), "pbDerivedKey"), key, 0);
}

static void test_image__bytes_that_nobody_wrote_are_counted(void **state)
{
    (void)state;
    assert_int_equal(unwritten_of(0, "unwritten", "a\xa7\xa7\xa7\xa7\xa7\xa7\xa7\xa7\xa7z"), 9);
    assert_int_equal(unwritten_of(0, "unwritten", "a\xa7\xa7\xa7\xa7\xa7\xa7\xa7z\xa7"), 0);
    assert_int_equal(unwritten_of(0, "unwritten_stack", "\xa5\xa5\xa5\xa5\xa5\xa5\xa5\xa5"), 8);
    /* A refusal hands nothing out. */
    assert_int_equal(unwritten_of(1, "unwritten", "\xa7\xa7\xa7\xa7\xa7\xa7\xa7\xa7"), 0);
    assert_int_equal(unwritten_of(0, "unwritten", "\xa5\xa5\xa5\xa5\xa5\xa5\xa5\xa5"), 0);
}

static void test_image__changes_of_inputs_have_names(void **state)
{
    (void)state;
    struct call_image *image = image_of("CardConstructDHAgreement");
    call_image_set_input(image, "pbPublicKey", (struct bytes){(const uint8_t *)"abc", 3});
    struct host_change index = {
        0, offsetof(CARD_DH_AGREEMENT_INFO, bSecretAgreementIndex), {(const uint8_t *)"\1", 1}};
    struct host_change flags = {
        0, offsetof(CARD_DH_AGREEMENT_INFO, dwFlags), {(const uint8_t *)"\1", 1}};
    struct host_change blob = {1, 2, {(const uint8_t *)"z", 1}};
    bool beyond;
    assert_null(call_image_changed(image, &index, &beyond));
    assert_string_equal(call_image_changed(image, &flags, &beyond), "dwFlags");
    assert_string_equal(call_image_changed(image, &blob, &beyond), "pbPublicKey");
    assert_false(beyond);
}

static void test_image__what_lies_behind_a_cut_structure_is_watched(void **state)
{
    (void)state;
    struct call_image *image = image_of("CardDeriveKey");
    struct host_change handle = {0, offsetof(CARD_DERIVE_KEY, hKey), {(const uint8_t *)"\0", 1}};
    bool beyond;
    call_image_cut_struct(image, MDCTS_CARD_DERIVE_KEY_SIZE_1, false);
    struct host_call call = call_image_call(image);
    assert_int_equal(call.objects[0].size, sizeof(CARD_DERIVE_KEY));
    assert_string_equal(call_image_changed(image, &handle, &beyond), "CARD_DERIVE_KEY");
    assert_true(beyond);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_image__construct_has_valid_defaults, reset),
        cmocka_unit_test_teardown(test_image__input_sets_its_length_and_pointer, reset),
        cmocka_unit_test_teardown(test_image__null_replaces_a_pointer_and_keeps_the_length, reset),
        cmocka_unit_test_teardown(test_image__null_for_a_structure_is_a_null_argument, reset),
        cmocka_unit_test_teardown(test_image__names_that_do_not_exist_are_refused, reset),
        cmocka_unit_test_teardown(test_image__version_1_of_derive_ends_at_48_bytes, reset),
        cmocka_unit_test_teardown(test_image__parameters_lie_in_a_list_with_their_bytes, reset),
        cmocka_unit_test_teardown(test_image__text_is_utf16_where_the_interface_says_so, reset),
        cmocka_unit_test_teardown(test_image__outputs_name_members_and_blocks, reset),
        cmocka_unit_test_teardown(test_image__bytes_that_nobody_wrote_are_counted, reset),
        cmocka_unit_test_teardown(test_image__changes_of_inputs_have_names, reset),
        cmocka_unit_test_teardown(test_image__what_lies_behind_a_cut_structure_is_watched, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0; /* never a count */
}
