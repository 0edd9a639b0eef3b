/* SPDX-License-Identifier: Apache-2.0 */
#include "frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint8_t memory[4096];

static struct frame_writer writer_of(size_t capacity)
{
    return (struct frame_writer){.data = memory, .capacity = capacity};
}

static void test_frame__round_trip(void **state)
{
    (void)state;
    struct frame_writer writer = writer_of(sizeof memory);
    frame_begin(&writer, 300);
    frame_put_uint(&writer, 1, 0x0123456789abcdefu);
    frame_put_text(&writer, 2, "abc");
    size_t mark = frame_open(&writer, 3);
    frame_put_bytes(&writer, 4, "\0\1", 2);
    frame_close(&writer, mark);
    assert_true(frame_end(&writer));

    struct frame frame;
    assert_int_equal(frame_read((struct bytes){memory, writer.len}, &frame), FRAME_WHOLE);
    assert_int_equal(frame.kind, 300);
    assert_int_equal(frame.size, writer.len);
    struct frame_field field;
    assert_true(frame_next(&frame.fields, &field));
    assert_int_equal(field.number, 0x0123456789abcdefu);
    assert_true(frame_next(&frame.fields, &field));
    assert_int_equal(field.type, FIELD_TEXT);
    assert_memory_equal(field.bytes.data, "abc", 3);
    assert_true(frame_next(&frame.fields, &field));
    assert_int_equal(field.type, FIELD_GROUP);
    struct frame_field inner;
    assert_true(frame_find(field.bytes, 4, FIELD_BYTES, &inner));
    assert_int_equal(inner.bytes.len, 2);
    assert_false(frame_next(&frame.fields, &field));
    assert_int_equal(frame.fields.len, 0);
}

static void test_frame__what_does_not_fit_is_dropped_whole(void **state)
{
    (void)state;
    struct frame_writer writer = writer_of(64);
    frame_begin(&writer, 1);
    frame_put_uint(&writer, 1, 1);
    assert_true(frame_end(&writer));
    size_t first = writer.len;
    frame_begin(&writer, 2);
    frame_put_bytes(&writer, 1, memory, 100);
    size_t mark = frame_open(&writer, 2);
    frame_close(&writer, mark);
    assert_false(frame_end(&writer));
    assert_int_equal(writer.len, first);
}

static void test_frame__part_of_a_frame_asks_for_more(void **state)
{
    (void)state;
    struct frame_writer writer = writer_of(sizeof memory);
    frame_begin(&writer, 7);
    frame_put_text(&writer, 2, "abcdef");
    assert_true(frame_end(&writer));
    struct frame frame;
    for (size_t len = 0; len < writer.len; len++)
        assert_int_equal(frame_read((struct bytes){memory, len}, &frame), FRAME_PART);
}

static void test_frame__impossible_lengths_are_bad(void **state)
{
    (void)state;
    static const uint8_t tiny[] = {5, 0, 0, 0, 1, 0}, huge[] = {0xff, 0xff, 0xff, 0xff, 1, 0};
    struct frame frame;
    assert_int_equal(frame_read((struct bytes){tiny, sizeof tiny}, &frame), FRAME_BAD);
    assert_int_equal(frame_read((struct bytes){huge, sizeof huge}, &frame), FRAME_BAD);
}

/* Every byte string must be readable to its end without touching a byte behind it; ASan watches. */
static void test_frame__garbage_never_reads_outside(void **state)
{
    (void)state;
    uint32_t random = 1;
    for (int round = 0; round < 20000; round++) {
        size_t len = (random >> 8) % 40;
        uint8_t *exact = malloc(len + 1);
        assert_non_null(exact);
        for (size_t i = 0; i < len; i++) {
            random = random * 1664525u + 1013904223u;
            exact[i] = (random >> 24) < 128 ? (uint8_t)(random >> 22 & 7) : (uint8_t)(random >> 16);
        }
        random = random * 1664525u + 1013904223u;
        struct bytes rest = {exact + 1, len == 0 ? 0 : len - 1};
        struct frame_field field;
        while (frame_next(&rest, &field))
            assert_true(field.bytes.data + field.bytes.len <= exact + len);
        free(exact);
    }
}

static void test_frame__malformed_rest_is_told_apart_from_the_end(void **state)
{
    (void)state;
    static const uint8_t wrong_type[] = {1, 0, 9, 0, 0, 0, 0},
                         short_uint[] = {1, 0, 1, 1, 0, 0, 0, 5};
    struct bytes rest = {wrong_type, sizeof wrong_type};
    struct frame_field field;
    assert_false(frame_next(&rest, &field));
    assert_int_not_equal(rest.len, 0);
    rest = (struct bytes){short_uint, sizeof short_uint};
    assert_false(frame_next(&rest, &field));
    assert_int_not_equal(rest.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frame__round_trip),
        cmocka_unit_test(test_frame__what_does_not_fit_is_dropped_whole),
        cmocka_unit_test(test_frame__part_of_a_frame_asks_for_more),
        cmocka_unit_test(test_frame__impossible_lengths_are_bad),
        cmocka_unit_test(test_frame__garbage_never_reads_outside),
        cmocka_unit_test(test_frame__malformed_rest_is_told_apart_from_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
