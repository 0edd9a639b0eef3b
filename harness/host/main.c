/* SPDX-License-Identifier: Apache-2.0 */
/* mdcts-host: the process that loads the driver.
 *     mdcts-host --server FD [--tap FILE] [--pcsc FILE] [--preload DRIVER]
 * serves hosts on the SOCK_SEQPACKET socket FD (host/protocol.h).  The tap and the real PC/SC
 * library are loaded once, before any driver. */
#include "caller.h"
#include "channel.h"
#include "commands.h"
#include "crash.h"
#include "pcsc.h"
#include "process.h"
#include "region.h"
#include "scratch.h"
#include "server.h"
#include "tap_link.h"
#include "warm.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define EXIT_USAGE       2
#define EXIT_ENVIRONMENT 3

static int host_life(int channel, bool ahead)
{
    if (ahead)
        warm_up();
    channel_open(channel);
    commands_run();
    return EXIT_SUCCESS;
}

/* Some sandboxes forbid the system call that reads the driver's pointers safely. */
static bool can_read_safely(void)
{
    char from = 1, to = 0;
    return memory_read((uintptr_t)&from, &to, 1) == 1 && to == from;
}

static void print_reader(void *data, const char *name, bool has_card, struct bytes atr)
{
    (void)data;
    for (size_t i = 0; i < atr.len; i++)
        printf("%02x", atr.data[i]);
    printf("%s\t%s\n", has_card && atr.len > 0 ? "" : "-", name);
}

static int print_readers(void)
{
    pcsc_load(NULL);
    return pcsc_list(print_reader, NULL) && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static size_t count_entries(const char *folder)
{
    size_t count = 0;
    DIR *dir = opendir(folder);
    while (dir != NULL && readdir(dir) != NULL)
        count++;
    if (dir != NULL)
        closedir(dir);
    return count;
}

/* Whether a host forked from here is as good as one that loads the driver itself. */
static bool preload(const char *driver)
{
    siginfo_t child = {0};
    size_t descriptors = count_entries("/proc/self/fd"), threads = count_entries("/proc/self/task");
    return caller_preload(driver) && count_entries("/proc/self/fd") == descriptors &&
           count_entries("/proc/self/task") == threads &&
           waitid(P_ALL, 0, &child, WEXITED | WNOHANG | WNOWAIT) != 0 && errno == ECHILD;
}

static int usage(void)
{
    fputs("mdcts-host is started by mdcts; usage: mdcts-host --server FD [--tap FILE] "
          "[--pcsc FILE]\n",
          stderr);
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    const char *tap = NULL, *pcsc = NULL, *driver = NULL;
    int socket = -1;
    if (argc == 2 && strcmp(argv[1], "--readers") == 0)
        return print_readers();
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--server") == 0)
            socket = (int)strtol(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--tap") == 0)
            tap = argv[i + 1];
        else if (strcmp(argv[i], "--pcsc") == 0)
            pcsc = argv[i + 1];
        else if (strcmp(argv[i], "--preload") == 0)
            driver = argv[i + 1];
        else
            return usage();
    }
    if (socket < 3 || argc % 2 == 0)
        return usage();
    if (!can_read_safely()) {
        fputs("mdcts-host: process_vm_readv() is forbidden here\n", stderr);
        return EXIT_ENVIRONMENT;
    }
    if (!process_prepare() || !channel_prepare() || !scratch_prepare()) {
        fputs("mdcts-host: no memory, or no /dev/null\n", stderr);
        return EXIT_ENVIRONMENT;
    }
    regions_prepare();
    crash_watch();
    if (tap != NULL && !tap_load(tap))
        fprintf(stderr, "mdcts-host: cannot load the PC/SC tap %s\n", tap);
    pcsc_load(pcsc);
    commands_prepare();
    /* What a driver prints is read from a pipe: lines shall not wait in a buffer for a crash to
     * lose. */
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (driver != NULL && !preload(driver))
        return EXIT_FAILURE;
    return server_run(socket, host_life);
}
