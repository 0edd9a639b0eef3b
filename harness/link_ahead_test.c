/* SPDX-License-Identifier: Apache-2.0 */
/* Hosts that are forked ahead and that end unattended. */
#include "link_test_rig.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static struct link_cores cores;

static int open_server_aside(void **state)
{
    /* One processor serves both purposes well enough here: what is tested isn't speed. */
    sched_getaffinity(0, sizeof cores.work, &cores.work);
    cores.aside = cores.work;
    return open_server_with(state, &cores);
}

static pid_t pid_ahead(void)
{
    pid_t pids[LINK_PARTING_MAX + 1];
    size_t count = link_own_children(rig.server, pids);
    assert_true(count > 0);
    return pids[count - 1];
}

static bool is_own_child(pid_t pid)
{
    pid_t pids[LINK_PARTING_MAX + 1];
    size_t count = link_own_children(rig.server, pids);
    for (size_t i = 0; i < count; i++)
        if (pids[i] == pid)
            return true;
    return false;
}

static bool is_gone(pid_t pid)
{
    return kill(pid, 0) != 0 && errno == ESRCH;
}

/* Nothing to wait on: the server tells when it collects the host, and link_own_children() hears it.
 */
static void await_parted(pid_t pid)
{
    while (is_own_child(pid))
        poll(NULL, 0, 1);
}

static void test_link__the_host_forked_ahead_is_the_next(void **state)
{
    (void)state;
    pid_t next = pid_ahead();
    assert_int_not_equal(next, host_pid(rig.host));
    assert_int_equal(load("none"), HOST_RETURNED);
    assert_true(end().clean);
    rig.host = start_host();
    assert_int_equal(host_pid(rig.host), next);
    assert_int_equal(load("none"), HOST_RETURNED);
    assert_int_equal(acquire(), HOST_RETURNED);
    assert_int_not_equal(pid_ahead(), next);
}

static void test_link__a_quiet_host_ends_unattended(void **state)
{
    (void)state;
    pid_t pid = host_pid(rig.host);
    assert_int_equal(load("none"), HOST_RETURNED);
    assert_true(end().clean);
    await_parted(pid);
    assert_true(is_gone(pid));
}

static void test_link__who_leaves_a_child_is_waited_for(void **state)
{
    (void)state;
    struct host_result result;
    pid_t pid = host_pid(rig.host);
    derive("fork-child", DEADLINE_MS, &result);
    struct host_ended ended = end();
    assert_true(ended.clean);
    assert_true(ended.exited);
    assert_false(is_own_child(pid));
    assert_true(is_gone(pid));
}

static void test_link__who_leaves_a_descriptor_is_waited_for(void **state)
{
    (void)state;
    pid_t pid = host_pid(rig.host);
    assert_int_equal(load("leave-descriptor"), HOST_RETURNED);
    assert_int_equal(acquire(), HOST_RETURNED);
    assert_true(end().exited);
    assert_false(is_own_child(pid));
    assert_true(is_gone(pid));
}

/* Calls visit for every child of a process; false if there was none. */
static bool each_child(pid_t pid, void (*visit)(pid_t child))
{
    long child;
    bool found = false;
    FILE *file = fopen(arena_printf(&rig.arena, "/proc/%d/task/%d/children", pid, pid), "re");
    assert_non_null(file);
    while (fscanf(file, "%ld", &child) == 1) {
        visit((pid_t)child);
        found = true;
    }
    fclose(file);
    return found;
}

static void kill_it(pid_t pid)
{
    kill(pid, SIGKILL);
}

static void kill_children(pid_t server)
{
    each_child(server, kill_it);
}

static bool has_children;

static void note_children(pid_t server)
{
    has_children = each_child(server, kill_it);
}

/* As the supervisor does it. */
static void sweep(void)
{
    each_child(getpid(), kill_children);
    do
        each_child(getpid(), note_children);
    while (has_children);
    link_swept(rig.server);
}

static void test_link__a_swept_host_is_not_used(void **state)
{
    (void)state;
    pid_t swept = pid_ahead();
    sweep();
    end();
    rig.host = start_host();
    assert_int_not_equal(host_pid(rig.host), swept);
    assert_int_equal(load("none"), HOST_RETURNED);
}

/* Its start is told after another was asked for. */
static void test_link__late_words_of_a_swept_host_are_nobodys(void **state)
{
    (void)state;
    end();
    rig.host = start_host(); /* asks for another, whose start is not heard yet */
    sweep();
    struct host *swept = rig.host;
    rig.host = start_host();
    host_kill(swept);
    assert_int_equal(load("none"), HOST_RETURNED);
    assert_int_equal(acquire(), HOST_RETURNED);
}

static void test_link__a_dead_host_is_replaced(void **state)
{
    (void)state;
    pid_t dead = pid_ahead();
    kill(dead, SIGKILL);
    while (is_own_child(dead))
        poll(NULL, 0, 1);
    end();
    rig.host = start_host();
    assert_int_not_equal(host_pid(rig.host), dead);
    assert_int_equal(load("none"), HOST_RETURNED);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(the_host_forked_ahead_is_the_next), TEST(a_quiet_host_ends_unattended),
        TEST(who_leaves_a_child_is_waited_for),  TEST(who_leaves_a_descriptor_is_waited_for),
        TEST(a_swept_host_is_not_used),          TEST(late_words_of_a_swept_host_are_nobodys),
        TEST(a_dead_host_is_replaced),
    };
    return cmocka_run_group_tests(tests, open_server_aside, close_server) != 0;
}
