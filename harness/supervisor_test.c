/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor.h"

#include "supervisor_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const no_env[] = {"PATH=/usr/bin:/bin", NULL};

/* A shell that holds the write end of a pipe as descriptor 5, as do all its descendants: end of
 * file at the other end means that none is left. */
static pid_t spawn_shell(struct supervisor *s, enum spawn_kind kind, const char *text, int fd)
{
    char why[SUPERVISOR_WHY_MAX] = "";
    const char *argv[] = {"sh", "-c", text, NULL};
    struct spawn_request request = {
        .kind = kind, .argv = argv, .env = no_env, .fd_count = 1, .fds = {fd}, .targets = {5}};
    pid_t pid = supervisor_spawn(s, &request, NULL, why);
    if (pid < 0)
        fprintf(stderr, "%s\n", why);
    assert_true(pid > 0);
    return pid;
}

static struct supervisor started(void)
{
    struct supervisor s;
    char why[SUPERVISOR_WHY_MAX] = "";
    if (!supervisor_start(&s, why))
        fprintf(stderr, "%s\n", why);
    assert_true(s.fd >= 0);
    return s;
}

static void expect_text(int fd, const char *text)
{
    char got[16] = "";
    size_t len = strlen(text), have = 0;
    while (have < len) {
        ssize_t n = read(fd, got + have, len - have);
        assert_true(n > 0);
        have += (size_t)n;
    }
    assert_string_equal(got, text);
}

static void expect_end(int fd)
{
    char byte;
    assert_int_equal(read(fd, &byte, 1), 0);
}

static void test_spawn__tells_exit_code(void **state)
{
    (void)state;
    struct supervisor s = started();
    int status = 0;
    pid_t pid = spawn_shell(&s, SPAWN_CASE, "exit 7", 1);
    assert_true(supervisor_wait(&s, pid, -1, &status));
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 7);
    supervisor_stop(&s);
}

static void test_spawn__says_why_it_failed(void **state)
{
    (void)state;
    struct supervisor s = started();
    char why[SUPERVISOR_WHY_MAX] = "";
    const char *argv[] = {"/nonexistent/program", NULL};
    struct spawn_request request = {.argv = argv, .env = no_env};
    assert_int_equal(supervisor_spawn(&s, &request, NULL, why), -1);
    assert_string_equal(why, "cannot start /nonexistent/program: No such file or directory");
    supervisor_stop(&s);
}

static void test_spawn__fills_in_listen_pid(void **state)
{
    (void)state;
    struct supervisor s = started();
    const char *argv[] = {"sh", "-c", "test \"$LISTEN_PID\" = $$", NULL};
    const char *env[] = {"LISTEN_PID=", "PATH=/usr/bin:/bin", NULL};
    struct spawn_request request = {.argv = argv, .env = env};
    char why[SUPERVISOR_WHY_MAX];
    int status, pidfd = -1;
    pid_t pid = supervisor_spawn(&s, &request, &pidfd, why);
    assert_true(pid > 0);
    struct pollfd end = {pidfd, POLLIN, 0};
    assert_int_equal(poll(&end, 1, 10000), 1);
    assert_true(supervisor_wait(&s, pid, -1, &status));
    assert_int_equal(status, 0);
    close(pidfd);
    supervisor_stop(&s);
}

/* A child in a session of its own, whose parent is gone, is found all the same. */
static void test_sweep__ends_daemons(void **state)
{
    (void)state;
    struct supervisor s = started();
    int ends[2], status;
    unsigned killed = 0;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t pid =
        spawn_shell(&s, SPAWN_CASE, "setsid sh -c 'echo x >&5; exec sleep 1000' &", ends[1]);
    close(ends[1]);
    assert_true(supervisor_wait(&s, pid, -1, &status));
    expect_text(ends[0], "x\n");
    assert_true(supervisor_sweep(&s, &killed));
    assert_int_equal(killed, 1);
    expect_end(ends[0]);
    close(ends[0]);
    supervisor_stop(&s);
}

static void test_sweep__leaves_servers_but_not_their_children(void **state)
{
    (void)state;
    struct supervisor s = started();
    int ends[2], status;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t server = spawn_shell(
        &s, SPAWN_SERVER, "sh -c 'echo c >&5; exec sleep 1000' & exec 5>&-; wait; exit 3", ends[1]);
    close(ends[1]);
    expect_text(ends[0], "c\n");
    assert_true(supervisor_sweep(&s, NULL));
    expect_end(ends[0]);
    assert_true(supervisor_wait(&s, server, -1, &status));
    assert_int_equal(WEXITSTATUS(status), 3); /* it lived to see its child's end */
    close(ends[0]);
    supervisor_stop(&s);
}

static void test_sweep__leaves_trees(void **state)
{
    (void)state;
    struct supervisor s = started();
    int ends[2], status;
    unsigned killed = 1;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t tree = spawn_shell(&s, SPAWN_TREE, "sh -c 'echo c >&5; exec sleep 1000' & wait", ends[1]);
    close(ends[1]);
    expect_text(ends[0], "c\n");
    assert_true(supervisor_sweep(&s, &killed));
    assert_int_equal(killed, 0);
    assert_false(supervisor_wait(&s, tree, 0, &status));
    assert_true(supervisor_kill(&s, tree));
    expect_end(ends[0]);
    close(ends[0]);
    supervisor_stop(&s);
}

static void test_stop__removes_the_folder(void **state)
{
    (void)state;
    struct supervisor s = started();
    struct stat st;
    char name[SUPERVISOR_FOLDER_MAX];
    strcpy(name, s.folder);
    assert_int_equal(stat(name, &st), 0);
    supervisor_stop(&s);
    assert_int_equal(stat(name, &st), -1);
}

/* In a process of its own: a runner that starts a daemon and says where its folder is. */
static void run_and_wait_for_death(int out, int held)
{
    struct supervisor s = started();
    spawn_shell(&s, SPAWN_TREE, "setsid sh -c 'echo up >&5; exec sleep 1000' & exec sleep 1000",
                held);
    close(held);
    if (write(out, &s, sizeof s) == sizeof s)
        pause();
    _exit(1);
}

static void test_supervisor__outlives_a_killed_runner_and_cleans_up(void **state)
{
    (void)state;
    int out[2], held[2];
    struct supervisor s;
    struct stat st;
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    assert_int_equal(pipe2(held, O_CLOEXEC), 0);
    pid_t runner = fork();
    if (runner == 0)
        run_and_wait_for_death(out[1], held[1]);
    close(out[1]);
    close(held[1]);
    assert_int_equal(read(out[0], &s, sizeof s), sizeof s);
    expect_text(held[0], "up\n");
    kill(runner, SIGKILL);
    assert_int_equal(waitpid(runner, NULL, 0), runner);
    assert_int_equal(waitpid(s.pid, NULL, 0), s.pid); /* handed to us by the runner's death */
    expect_end(held[0]);
    assert_int_equal(stat(s.folder, &st), -1);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    close(out[0]);
    close(held[0]);
}

static void test_folder__stale_ones_go_and_locked_ones_stay(void **state)
{
    (void)state;
    struct supervisor first, second;
    char why[SUPERVISOR_WHY_MAX];
    struct stat st;
    int stale = folder_make(&first, why), live = folder_make(&second, why);
    assert_true(stale >= 0 && live >= 0);
    close(stale);
    folder_remove_stale();
    assert_int_equal(stat(first.folder, &st), -1);
    assert_int_equal(stat(second.folder, &st), 0);
    folder_remove(second.folder);
    close(live);
}

static void test_folder__names_a_too_long_tmpdir(void **state)
{
    (void)state;
    struct supervisor s;
    char why[SUPERVISOR_WHY_MAX] = "", old[256] = "", path[200];
    const char *tmpdir = getenv("TMPDIR");
    if (tmpdir != NULL)
        snprintf(old, sizeof old, "%s", tmpdir);
    memset(path, 'x', sizeof path - 1);
    path[0] = '/';
    path[sizeof path - 1] = '\0';
    setenv("TMPDIR", path, 1);
    assert_int_equal(folder_make(&s, why), -1);
    assert_non_null(strstr(why, "too long for Unix sockets"));
    if (tmpdir != NULL)
        setenv("TMPDIR", old, 1);
    else
        unsetenv("TMPDIR");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spawn__tells_exit_code),
        cmocka_unit_test(test_spawn__says_why_it_failed),
        cmocka_unit_test(test_spawn__fills_in_listen_pid),
        cmocka_unit_test(test_sweep__ends_daemons),
        cmocka_unit_test(test_sweep__leaves_servers_but_not_their_children),
        cmocka_unit_test(test_sweep__leaves_trees),
        cmocka_unit_test(test_stop__removes_the_folder),
        cmocka_unit_test(test_supervisor__outlives_a_killed_runner_and_cleans_up),
        cmocka_unit_test(test_folder__stale_ones_go_and_locked_ones_stay),
        cmocka_unit_test(test_folder__names_a_too_long_tmpdir),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
