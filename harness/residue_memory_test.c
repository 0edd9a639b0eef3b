/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "residue_memory.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096u

static const uint8_t pattern[] = "what a driver left behind";

/* A child that has written the pattern behind the first page of two, and waits for its end. */
struct child {
    pid_t pid;
    uint8_t *pages; /* the same address in both processes */
};

static struct child start_child(bool before_fork)
{
    struct child child = {
        .pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)};
    int ready[2];
    char byte = 0;
    assert_ptr_not_equal(child.pages, MAP_FAILED);
    assert_int_equal(pipe(ready), 0);
    if (before_fork)
        memcpy(child.pages + PAGE, pattern, sizeof pattern);
    child.pid = fork();
    if (child.pid == 0) {
        if (!before_fork)
            memcpy(child.pages + PAGE, pattern, sizeof pattern);
        if (write(ready[1], &byte, 1) == 1)
            pause();
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return child;
}

static void end_child(struct child *child)
{
    kill(child->pid, SIGKILL);
    waitpid(child->pid, NULL, 0);
    munmap(child->pages, 2 * PAGE);
}

struct looked {
    const uint8_t *at;
    bool found, forward;
};

static void look(void *data, const struct memory_piece *piece)
{
    struct looked *looked = data;
    size_t offset = (size_t)((uintptr_t)looked->at - piece->address);
    looked->forward = looked->forward || piece->address % 8 != 0;
    if (piece->address <= (uintptr_t)looked->at && offset + sizeof pattern <= piece->bytes.len)
        looked->found = memcmp(piece->bytes.data + offset, pattern, sizeof pattern) == 0;
}

static bool is_found(const struct child *child, const struct host_range *left_out, size_t count)
{
    struct looked looked = {.at = child->pages + PAGE};
    assert_true(memory_each(child->pid, left_out, count, look, &looked));
    assert_false(looked.forward);
    return looked.found;
}

static void test_memory_each__what_the_process_wrote(void **state)
{
    struct child child = start_child(false);
    (void)state;
    assert_true(is_found(&child, NULL, 0));
    end_child(&child);
}

static void test_memory_each__leaves_out_what_its_parent_wrote(void **state)
{
    struct child child = start_child(true);
    (void)state;
    assert_false(is_found(&child, NULL, 0));
    end_child(&child);
}

static void test_memory_each__leaves_ranges_out(void **state)
{
    struct child child = start_child(false);
    const struct host_range range = {(uintptr_t)child.pages + PAGE,
                                     (uintptr_t)child.pages + 2 * PAGE};
    (void)state;
    assert_false(is_found(&child, &range, 1));
    end_child(&child);
}

static void test_memory_each__a_process_that_is_gone(void **state)
{
    struct child child = start_child(false);
    struct looked looked = {.at = child.pages};
    (void)state;
    end_child(&child);
    assert_false(memory_each(child.pid, NULL, 0, look, &looked));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_each__what_the_process_wrote),
        cmocka_unit_test(test_memory_each__leaves_out_what_its_parent_wrote),
        cmocka_unit_test(test_memory_each__leaves_ranges_out),
        cmocka_unit_test(test_memory_each__a_process_that_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
