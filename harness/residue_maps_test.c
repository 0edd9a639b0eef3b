/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "residue_maps.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE       4096u
#define RANGES_MAX 4096

static uint8_t variable[2 * PAGE] = {1}; /* large enough for a page of its own */

struct list {
    struct host_range ranges[RANGES_MAX];
    size_t count;
};

static void *alone; /* a page with nothing on either side */

static int child_start(void **state)
{
    static pid_t child;
    uint8_t *three = mmap(NULL, 3 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    alone = three + PAGE;
    munmap(three, PAGE);
    munmap(three + 2 * PAGE, PAGE);
    mprotect(alone, PAGE, PROT_READ | PROT_WRITE);
    child = fork();
    if (child == 0)
        for (;;)
            pause();
    *state = &child;
    return child < 0;
}

static int child_end(void **state)
{
    pid_t child = *(pid_t *)*state;
    return kill(child, SIGKILL) != 0 || waitpid(child, NULL, 0) != child;
}

static void read_all(struct maps *maps, struct list *list)
{
    list->count = 0;
    while (list->count < RANGES_MAX && maps_next(maps, &list->ranges[list->count]))
        list->count++;
    maps_close(maps);
}

static bool holds(const struct list *list, const void *address)
{
    for (size_t i = 0; i < list->count; i++)
        if ((uintptr_t)address >= list->ranges[i].start && (uintptr_t)address < list->ranges[i].end)
            return true;
    return false;
}

static void test_maps__asking_and_reading_agree(void **state)
{
    static struct list asked, read;
    pid_t child = *(pid_t *)*state;
    struct maps maps;
    maps_open(&maps, child);
    read_all(&maps, &asked);
    maps_open_text(&maps, child);
    assert_non_null(maps.text);
    read_all(&maps, &read);
    assert_int_equal(asked.count, read.count);
    assert_memory_equal(asked.ranges, read.ranges, read.count * sizeof *read.ranges);
    assert_true(holds(&read, variable));
    assert_true(holds(&read, &maps)); /* the stack */
}

static void test_maps__leaves_out_what_is_shared_or_read_only(void **state)
{
    static struct list list;
    struct maps maps;
    int kinds[] = {PROT_READ, PROT_READ | PROT_WRITE};
    int shares[] = {MAP_PRIVATE, MAP_SHARED};
    void *made[2];
    (void)state;
    for (size_t i = 0; i < 2; i++)
        made[i] = mmap(NULL, PAGE, kinds[i], shares[i] | MAP_ANONYMOUS, -1, 0);
    maps_open(&maps, getpid());
    read_all(&maps, &list);
    assert_true(list.count > 0);
    for (size_t i = 0; i < 2; i++) {
        assert_false(holds(&list, made[i]));
        munmap(made[i], PAGE);
    }
}

static void test_maps__names(void **state)
{
    static uint8_t unset[64 * PAGE]; /* lies in a mapping without a name */
    struct arena arena = {0};
    pid_t child = *(pid_t *)*state;
    assert_string_equal(maps_name(child, (uintptr_t)&arena, &arena), "[stack]");
    assert_string_equal(maps_name(child, (uintptr_t)variable, &arena), "residue_maps_test");
    assert_string_equal(maps_name(child, (uintptr_t)unset + 32 * (uintptr_t)PAGE, &arena),
                        "residue_maps_test");
    assert_string_equal(maps_name(child, (uintptr_t)alone, &arena), "");
    assert_string_equal(maps_name(child, 0, &arena), "");
    arena_free(&arena);
}

static void test_maps__a_process_that_is_gone(void **state)
{
    struct maps maps;
    struct host_range range;
    pid_t child = fork();
    (void)state;
    if (child == 0)
        _exit(0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    maps_open(&maps, child);
    assert_false(maps_next(&maps, &range));
    maps_close(&maps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_maps__asking_and_reading_agree),
        cmocka_unit_test(test_maps__leaves_out_what_is_shared_or_read_only),
        cmocka_unit_test(test_maps__names),
        cmocka_unit_test(test_maps__a_process_that_is_gone),
    };
    return cmocka_run_group_tests(tests, child_start, child_end);
}
