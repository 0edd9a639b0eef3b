/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs.h"

#include "json_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define TOLD_BYTES_MAX ((size_t)4 * 1024 * 1024)

unsigned jobs_processors(void)
{
    cpu_set_t allowed;
    int count = sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? CPU_COUNT(&allowed) : 1;
    return count < 1 ? 1 : count > JOBS_MAX ? JOBS_MAX : (unsigned)count;
}

/* What a worker has to say, the first runner's reports say better. */
static void be_quiet(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
        dup2(null, fd);
}

bool jobs_start(struct jobs *jobs, int (*work)(void *data, unsigned number, int from), void *data)
{
    int pair[2];
    pid_t parent = getpid();
    if (jobs->count == JOBS_MAX || pipe2(pair, O_CLOEXEC) != 0)
        return false;
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(pair[1]);
        for (unsigned i = 0; i < jobs->count; i++)
            close(jobs->pipes[i]);
        be_quiet();
        _exit(getppid() == parent ? work(data, jobs->count + 1, pair[0]) : EXIT_FAILURE);
    }
    close(pair[0]);
    if (pid < 0) {
        close(pair[1]);
        return false;
    }
    jobs->pids[jobs->count] = pid;
    jobs->pipes[jobs->count++] = pair[1];
    return true;
}

void jobs_tell(struct jobs *jobs, const struct node *capabilities)
{
    struct arena arena = {0};
    const char *text = capabilities == NULL ? "" : json_tree_text(&arena, capabilities);
    for (unsigned i = 0; i < jobs->count; i++) {
        size_t len = strlen(text), done = 0;
        ssize_t n;
        if (jobs->pipes[i] < 0)
            continue; /* was told before */
        while (done < len && ((n = write(jobs->pipes[i], text + done, len - done)) > 0 ||
                              (n < 0 && errno == EINTR)))
            done += n > 0 ? (size_t)n : 0;
        close(jobs->pipes[i]);
        jobs->pipes[i] = -1;
    }
    arena_free(&arena);
}

struct node *jobs_hear(struct arena *keep, int from)
{
    struct diags diags = {0};
    struct arena scratch = {0};
    char *text = arena_alloc(&scratch, TOLD_BYTES_MAX, 1);
    size_t len = 0;
    ssize_t n;
    while (len < TOLD_BYTES_MAX &&
           ((n = read(from, text + len, TOLD_BYTES_MAX - len)) > 0 || (n < 0 && errno == EINTR)))
        len += n > 0 ? (size_t)n : 0;
    struct node *node =
        len == 0 ? NULL : json_tree_parse(&diags, keep, text, len, "capabilities", 1);
    diags_free(&diags);
    arena_free(&scratch);
    close(from);
    return node;
}

void jobs_stop(const struct jobs *jobs)
{
    for (unsigned i = 0; i < jobs->count; i++)
        kill(jobs->pids[i], SIGTERM);
}

unsigned jobs_wait(struct jobs *jobs)
{
    unsigned failed = 0;
    for (unsigned i = 0; i < jobs->count; i++) {
        int status = EXIT_FAILURE;
        while (waitpid(jobs->pids[i], &status, 0) < 0 && errno == EINTR)
            continue;
        failed += status != 0;
    }
    jobs->count = 0;
    return failed;
}
