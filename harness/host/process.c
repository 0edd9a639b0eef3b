/* SPDX-License-Identifier: Apache-2.0 */
#include "process.h"
#include "protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHANNEL_HIGH  900 /* out of the way of drivers that count on small numbers */
#define CHANNEL_LOW   100
#define CPU_SECONDS   1800
#define ADDRESS_BYTES ((rlim_t)8 << 30)
/* The kernel gives the smallest numbers first: whoever has any has one of these. */
#define DESCRIPTORS_LOOKED_AT 64

static void limit(__rlimit_resource_t what, rlim_t most)
{
    struct rlimit now;
    getrlimit(what, &now);
    if (now.rlim_max == RLIM_INFINITY || now.rlim_max > most)
        now.rlim_max = most;
    if (now.rlim_cur == RLIM_INFINITY || now.rlim_cur > now.rlim_max)
        now.rlim_cur = now.rlim_max;
    setrlimit(what, &now);
}

/* How much it has mapped already: a sanitizer's shadow is larger than any limit. */
static rlim_t address_bytes(void)
{
    char text[32] = "";
    int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (file < 0 || read(file, text, sizeof text - 1) < 0)
        return 0;
    close(file);
    return strtoull(text, NULL, 10) * (rlim_t)sysconf(_SC_PAGESIZE);
}

static void close_all_but(unsigned kept)
{
    syscall(SYS_close_range, 3u, kept - 1, 0u);
    syscall(SYS_close_range, kept + 1, ~0u, 0u);
}

int process_enter(pid_t parent, int channel, int out, int err)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(HOST_EXIT_CHANNEL);
    setsid();
    int high = fcntl(channel, F_DUPFD_CLOEXEC, CHANNEL_HIGH);
    if (high < 0)
        high = fcntl(channel, F_DUPFD_CLOEXEC, CHANNEL_LOW);
    if (high < 0)
        _exit(HOST_EXIT_CHANNEL);
    dup2(out, 1);
    dup2(err, 2);
    close_all_but((unsigned)high);
    return high;
}

bool process_is_quiet(void)
{
    siginfo_t child = {0};
    struct pollfd looked_at[DESCRIPTORS_LOOKED_AT];
    bool closed = true;
    for (int i = 0; i < DESCRIPTORS_LOOKED_AT; i++)
        looked_at[i] = (struct pollfd){.fd = STDERR_FILENO + 1 + i};
    if (poll(looked_at, DESCRIPTORS_LOOKED_AT, 0) < 0)
        return false;
    for (size_t i = 0; i < DESCRIPTORS_LOOKED_AT; i++)
        closed = closed && looked_at[i].revents == POLLNVAL;
    return closed && waitid(P_ALL, 0, &child, WEXITED | WNOHANG | WNOWAIT | __WALL) != 0 &&
           errno == ECHILD;
}

bool process_prepare(void)
{
    int null = open("/dev/null", O_RDONLY);
    if (null < 0 || dup2(null, 0) != 0)
        return false;
    if (null > 0)
        close(null);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_CPU, CPU_SECONDS);
    if (address_bytes() < ADDRESS_BYTES)
        limit(RLIMIT_AS, ADDRESS_BYTES);
    return true;
}
