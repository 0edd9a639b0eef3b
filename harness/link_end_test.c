/* SPDX-License-Identifier: Apache-2.0 */
/* What the link tells of drivers that end, or never end, their process. */
#include "link_test_rig.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void test_link__load_failures_are_told(void **state)
{
    (void)state;
    bool loaded = true;
    assert_int_equal(load("no-export"), HOST_RETURNED);
    assert_true(node_get_bool(find_event("load", 1), "ok", false));
    assert_false(node_get_bool(find_event("load", 1), "export", true));
    assert_int_equal(load("missing-library"), HOST_RETURNED);
    assert_false(node_get_bool(find_event("load", 2), "ok", true));
    assert_string_equal(node_get_text(find_event("load", 2), "missing"), "libhostile_absent.so");
    assert_int_equal(host_load(rig.host, "/nowhere.so", DEADLINE_MS, &loaded), HOST_RETURNED);
    assert_false(loaded);
    assert_null(node_get(find_event("load", 3), "missing"));
}

static void test_link__crash_while_loading(void **state)
{
    (void)state;
    assert_int_equal(load("crash-constructor"), HOST_CRASHED);
    assert_int_equal(event_number("crash", "signal"), SIGSEGV);
    assert_string_equal(node_get_text(find_event("crash", 1), "entry"), "dlopen");
}

static void test_link__hang_while_loading(void **state)
{
    (void)state;
    bool loaded;
    assert_int_equal(
        host_load(rig.host, MDCTS_DRIVERS "/hostile-hang-constructor.so", SHORT_MS, &loaded),
        HOST_HUNG);
    assert_int_equal(event_number("hang", "ms"), SHORT_MS);
}

static void test_link__crash_tells_signal_and_address(void **state)
{
    (void)state;
    assert_int_equal(load("segv-acquire"), HOST_RETURNED);
    assert_int_equal(acquire(), HOST_CRASHED);
    assert_int_equal(event_number("crash", "signal"), SIGSEGV);
    assert_int_equal(event_number("crash", "address"), 8);
    assert_string_equal(node_get_text(find_event("crash", 1), "access"), "write");
    assert_null(node_get(find_event("crash", 1), "what"));
    assert_int_equal(host_context_drop(rig.host, 0), HOST_GONE);
    struct host_ended ended = end();
    assert_false(ended.clean);
    assert_int_equal(ended.signal, SIGSEGV);
}

static void test_link__stack_overflow_is_a_crash(void **state)
{
    (void)state;
    struct host_result result;
    assert_int_equal(derive("overflow-stack", DEADLINE_MS, &result), HOST_CRASHED);
    assert_int_equal(event_number("crash", "signal"), SIGSEGV);
}

static void test_link__hang_is_killed(void **state)
{
    (void)state;
    struct host_result result;
    assert_int_equal(derive("hang-derive", SHORT_MS, &result), HOST_HUNG);
    assert_int_equal(event_number("hang", "ms"), SHORT_MS);
    assert_int_equal(event_number("hang", "s"), 3);
    assert_int_equal(end().signal, SIGKILL);
}

static void test_link__stopped_host_is_killed(void **state)
{
    (void)state;
    struct host_result result;
    assert_int_equal(derive("stop-derive", SHORT_MS, &result), HOST_HUNG);
    assert_int_equal(end().signal, SIGKILL);
}

static void test_link__exit_is_told(void **state)
{
    (void)state;
    struct host_result result;
    assert_int_equal(load("exit-construct"), HOST_RETURNED);
    assert_int_equal(acquire(), HOST_RETURNED);
    assert_int_equal(construct(&result), HOST_EXITED);
    assert_int_equal(event_number("exit", "code"), 7);
    assert_int_equal(end().code, 7);
}

static void test_link__exit_with_success_is_no_clean_end(void **state)
{
    (void)state;
    struct host_result result;
    assert_int_equal(derive("exit-zero-derive", DEADLINE_MS, &result), HOST_EXITED);
    assert_int_equal(event_number("exit", "code"), 0);
    assert_false(end().clean);
}

static void test_link__abort_is_a_crash(void **state)
{
    (void)state;
    struct host_result result;
    assert_int_equal(derive("abort-derive", DEADLINE_MS, &result), HOST_CRASHED);
    assert_int_equal(event_number("crash", "signal"), SIGABRT);
    assert_null(node_get(find_event("crash", 1), "address"));
}

static void test_link__kill_without_a_word_is_told(void **state)
{
    (void)state;
    struct host_result result;
    assert_int_equal(derive("kill-derive", DEADLINE_MS, &result), HOST_CRASHED);
    assert_int_equal(event_number("killed", "signal"), SIGKILL);
}

static void test_link__prints_are_captured_and_bounded(void **state)
{
    (void)state;
    struct host_result result;
    assert_int_equal(derive("print-megabytes", DEADLINE_MS, &result), HOST_RETURNED);
    struct node *out = find_event("output", 1), *err = find_event("output", 2);
    assert_string_equal(node_get_text(out, "stream"), "stdout");
    assert_string_equal(node_get_text(err, "stream"), "stderr");
    assert_int_equal(node_get_uint(out, "length", 0), 2u << 20);
    assert_non_null(strstr(node_get_text(out, "text"), "\\x1b[31mred"));
    assert_null(strchr(node_get_text(out, "text"), 0x1b));
}

static void test_link__closed_descriptors_lose_the_host_only(void **state)
{
    (void)state;
    struct host_result result;
    assert_int_equal(derive("close-descriptors", DEADLINE_MS, &result), HOST_LOST);
    assert_int_equal(event_number("exit", "code"), 121);
}

static void test_link__garbage_on_the_channel_loses_the_host_only(void **state)
{
    (void)state;
    struct host_result result;
    assert_int_equal(derive("write-descriptors", DEADLINE_MS, &result), HOST_LOST);
    assert_non_null(find_event("killed", 1));
}

/* True once the process is no more, or is a zombie that somebody else will collect. */
static bool is_dead(pid_t pid)
{
    char text[64] = "";
    FILE *file = fopen(arena_printf(&rig.arena, "/proc/%d/stat", (int)pid), "r");
    if (file == NULL)
        return true;
    if (fscanf(file, "%*d %*s %60s", text) != 1)
        text[0] = 'Z';
    fclose(file);
    return text[0] == 'Z' || text[0] == 'X';
}

static pid_t printed_pid(void)
{
    pid_t pid = (pid_t)strtol(node_get_text(find_event("output", 1), "text"), NULL, 10);
    assert_true(pid > 1);
    return pid;
}

static void test_link__children_end_with_the_host(void **state)
{
    (void)state;
    struct host_result result;
    assert_int_equal(derive("fork-child", DEADLINE_MS, &result), HOST_RETURNED);
    pid_t child = printed_pid();
    assert_true(end().clean);
    /* Killed before the host's end was told; it takes the kernel a moment to carry it out. */
    for (int i = 0; i < 1000 && !is_dead(child); i++)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    assert_true(is_dead(child));
}

static void test_link__a_daemon_does_not_hold_up_the_end(void **state)
{
    (void)state;
    struct host_result result;
    assert_int_equal(derive("fork-daemon", DEADLINE_MS, &result), HOST_RETURNED);
    pid_t daemon = printed_pid();
    assert_true(end().clean);
    /* The supervisor's business; here ours. */
    assert_false(is_dead(daemon));
    kill(daemon, SIGKILL);
}

static void test_link__other_hosts_live_on(void **state)
{
    (void)state;
    struct host *first = rig.host, *second = start_host();
    assert_int_equal(load("segv-acquire"), HOST_RETURNED);
    assert_int_equal(acquire(), HOST_CRASHED);
    rig.host = second;
    struct host_result result;
    assert_int_equal(derive("none", DEADLINE_MS, &result), HOST_RETURNED);
    assert_true(end().clean);
    rig.host = first;
    assert_int_equal(end().signal, SIGSEGV);
}

static void test_link__killed_host_is_collected(void **state)
{
    (void)state;
    struct host_ended ended = host_kill(rig.host);
    rig.host = NULL;
    assert_int_equal(ended.signal, SIGKILL);
}

static void test_link__no_program_is_an_error(void **state)
{
    (void)state;
    const char *error = NULL;
    struct link_config config = {.server_fd = -1, .host_path = "/nowhere/mdcts-host"};
    assert_null(link_open(&config, &rig.arena, &error));
    assert_non_null(strstr(error, "/nowhere/mdcts-host"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(load_failures_are_told),
        TEST(crash_while_loading),
        TEST(hang_while_loading),
        TEST(crash_tells_signal_and_address),
        TEST(stack_overflow_is_a_crash),
        TEST(hang_is_killed),
        TEST(stopped_host_is_killed),
        TEST(exit_is_told),
        TEST(exit_with_success_is_no_clean_end),
        TEST(abort_is_a_crash),
        TEST(kill_without_a_word_is_told),
        TEST(prints_are_captured_and_bounded),
        TEST(closed_descriptors_lose_the_host_only),
        TEST(garbage_on_the_channel_loses_the_host_only),
        TEST(children_end_with_the_host),
        TEST(a_daemon_does_not_hold_up_the_end),
        TEST(other_hosts_live_on),
        TEST(killed_host_is_collected),
        TEST(no_program_is_an_error),
    };
    return cmocka_run_group_tests(tests, open_server, close_server);
}
