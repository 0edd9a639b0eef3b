/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of a host become the trace's maps, and garbage becomes nothing. */
#include "link_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct arena arena;
static uint8_t memory[1024];
static struct frame_writer writer;
static struct bytes content;

static int start(void **state)
{
    (void)state;
    arena_reset(&arena);
    writer = (struct frame_writer){.data = memory, .capacity = sizeof memory};
    return 0;
}

static void begin(enum event_kind kind)
{
    frame_begin(&writer, (uint16_t)(FRAME_EVENT_FIRST + (int)kind));
}

static struct node *finish(void)
{
    struct frame frame;
    assert_true(frame_end(&writer));
    assert_int_equal(frame_read((struct bytes){memory, writer.len}, &frame), FRAME_WHOLE);
    return event_node(&arena, &frame, &content);
}

static void test_event__every_kind_of_field(void **state)
{
    (void)state;
    begin(EVENT_CACHE);
    frame_put_uint(&writer, EV_STEP, 3);
    frame_put_text(&writer, EV_FUNCTION, "a\033\xff");
    frame_put_typed(&writer, EV_TAG, FIELD_UTF16,
                    (struct bytes){(const uint8_t *)"m\0\x34\x12", 4});
    frame_put_uint(&writer, EV_OK, 1);
    frame_put_bytes(&writer, EV_COMMAND, "\x00\xa4", 2);
    size_t mark = frame_open(&writer, EV_ANSWER);
    frame_put_uint(&writer, EV_INDEX, 9);
    frame_close(&writer, mark);
    frame_put_bytes(&writer, EV_CONTENT, "secret", 6);
    struct node *event = finish();
    assert_non_null(event);
    assert_string_equal(event->first->key, "e");
    assert_string_equal(node_get_text(event, "e"), "cache");
    assert_int_equal(node_get_uint(event, "s", 0), 3);
    assert_string_equal(node_get_text(event, "function"), "a\\x1b\\xff");
    assert_string_equal(node_get_text(event, "tag"), "m\\u1234");
    assert_true(node_get_bool(event, "ok", false));
    assert_string_equal(node_get_text(event, "command"), "00a4");
    assert_int_equal(node_get_uint(node_get(event, "answer"), "index", 0), 9);
    assert_null(node_get(event, "content"));
    assert_int_equal(content.len, 6);
}

static void test_event__what_is_not_in_the_table_is_refused(void **state)
{
    (void)state;
    begin(EVENT_ALLOC);
    frame_put_uint(&writer, EV_COUNT, 1);
    assert_null(finish());
    start(NULL);
    begin(EVENT_COUNT);
    assert_null(finish());
    start(NULL);
    begin(EVENT_ALLOC);
    frame_put_text(&writer, EV_BLOCK, "1");
    assert_null(finish());
}

static void test_event__repeated_fields_are_refused(void **state)
{
    (void)state;
    begin(EVENT_ALLOC);
    frame_put_uint(&writer, EV_BLOCK, 1);
    frame_put_uint(&writer, EV_BLOCK, 2);
    assert_null(finish());
}

static void test_event__deep_nesting_is_refused(void **state)
{
    (void)state;
    size_t marks[8];
    begin(EVENT_ALLOC);
    for (size_t i = 0; i < 8; i++)
        marks[i] = frame_open(&writer, EV_WHAT);
    for (size_t i = 8; i-- > 0;)
        frame_close(&writer, marks[i]);
    assert_null(finish());
}

/* ASan watches; what comes out, if anything, must be a map. */
static void test_event__garbage_does_no_harm(void **state)
{
    (void)state;
    uint32_t random = 7;
    for (int round = 0; round < 20000; round++) {
        begin((enum event_kind)(round % EVENT_COUNT));
        frame_put_uint(&writer, EV_STEP, 1);
        frame_put_text(&writer, EV_NAME, "name");
        size_t mark = frame_open(&writer, EV_WHAT);
        frame_put_uint(&writer, EV_BLOCK, 1);
        frame_close(&writer, mark);
        assert_true(frame_end(&writer));
        for (int flips = 0; flips < 3; flips++) {
            random = random * 1664525u + 1013904223u;
            size_t at = FRAME_HEADER_BYTES + (random >> 8) % (writer.len - FRAME_HEADER_BYTES);
            memory[at] ^= (uint8_t)(1u << (random >> 28 & 7));
        }
        size_t len = writer.len;
        uint8_t *exact = malloc(len);
        assert_non_null(exact);
        memcpy(exact, memory, len);
        struct frame frame;
        assert_int_equal(frame_read((struct bytes){exact, len}, &frame), FRAME_WHOLE);
        struct node *event = event_node(&arena, &frame, &content);
        assert_true(event == NULL || event->kind == NODE_MAP);
        free(exact);
        start(NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_event__every_kind_of_field, start),
        cmocka_unit_test_setup(test_event__what_is_not_in_the_table_is_refused, start),
        cmocka_unit_test_setup(test_event__repeated_fields_are_refused, start),
        cmocka_unit_test_setup(test_event__deep_nesting_is_refused, start),
        cmocka_unit_test_setup(test_event__garbage_does_no_harm, start),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(&arena);
    return failed;
}
