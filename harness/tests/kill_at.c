/* SPDX-License-Identifier: Apache-2.0 */
/* kill-at ROLE LINE CHOICE SIGNAL TRACE COMMAND ...: runs the command and, once TRACE has so many
 * lines, sends the signal to one of its processes; then waits for the end of all of them.
 *
 * ROLE is runner, worker (a second runner), supervisor, server (of hosts), host, pcscd or card; if
 * there are several, CHOICE modulo their number says which; if there is none yet, the next line is
 * waited for.  The moment is a number of lines, so a slow machine has the same ones.  The exit code
 * is the command's, 128 + its signal, 98 if it ended before anything was killed, 99 if a process of
 * it is still there LEFT_MS after its end. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROCESSES_MAX = 4096, LEFT_MS = 60000, NOT_KILLED = 98, LEFT = 99 };

struct process {
    pid_t pid, parent, session;
    char name[32];
};

static struct process all[PROCESSES_MAX];
static size_t all_count;
static pid_t runner;

/* ---- who is there ---- */

static bool read_process(pid_t pid, struct process *out)
{
    char path[64], text[1024];
    int parent, group, session;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    if (len <= 0)
        return false;
    text[len] = '\0';
    char *name = strchr(text, '('), *end = strrchr(text, ')');
    if (name == NULL || end == NULL || end[2] == 'Z' ||
        sscanf(end + 2, "%*c %d %d %d", &parent, &group, &session) != 3)
        return false;
    *end = '\0';
    *out = (struct process){.pid = pid, .parent = parent, .session = session};
    snprintf(out->name, sizeof out->name, "%s", name + 1);
    return true;
}

static void look_around(void)
{
    DIR *dir = opendir("/proc");
    const struct dirent *e;
    all_count = 0;
    while (dir != NULL && (e = readdir(dir)) != NULL && all_count < PROCESSES_MAX)
        if (isdigit((unsigned char)e->d_name[0]))
            all_count += read_process((pid_t)strtol(e->d_name, NULL, 10), &all[all_count]);
    if (dir != NULL)
        closedir(dir);
}

static const struct process *find(pid_t pid)
{
    for (size_t i = 0; i < all_count; i++)
        if (all[i].pid == pid)
            return &all[i];
    return NULL;
}

static bool is_ours(const struct process *p)
{
    for (int depth = 0; p != NULL && depth < 32; depth++, p = find(p->parent))
        if (p->pid == runner)
            return true;
    return false;
}

static bool has_role(const struct process *p, const char *role)
{
    const struct process *parent = find(p->parent);
    bool leads = p->session == p->pid, mdcts = strcmp(p->name, "mdcts") == 0;
    bool host = strncmp(p->name, "mdcts-host", 10) == 0;
    bool below_host = parent != NULL && strncmp(parent->name, "mdcts-host", 10) == 0;
    if (strcmp(role, "runner") == 0)
        return p->pid == runner;
    if (strcmp(role, "worker") == 0)
        return mdcts && p->parent == runner && !leads;
    if (strcmp(role, "supervisor") == 0)
        return mdcts && p->pid != runner && leads;
    if (strcmp(role, "server") == 0)
        return host && !below_host;
    if (strcmp(role, "host") == 0)
        return host && below_host;
    if (strcmp(role, "card") == 0)
        return strncmp(p->name, "mdcts-card", 10) == 0;
    return leads && strcmp(p->name, role) == 0; /* `pcscd --help` is asked something first */
}

static pid_t choose(const char *role, unsigned long choice)
{
    size_t count = 0;
    look_around();
    for (size_t i = 0; i < all_count; i++)
        count += is_ours(&all[i]) && has_role(&all[i], role);
    size_t wanted = count == 0 ? 0 : choice % count;
    for (size_t i = 0; i < all_count && count > 0; i++)
        if (is_ours(&all[i]) && has_role(&all[i], role) && wanted-- == 0)
            return all[i].pid;
    return 0;
}

/* ---- the moment ---- */

static size_t count_new_lines(const char *path, int *fd)
{
    char part[65536];
    ssize_t len;
    size_t lines = 0;
    if (*fd < 0)
        *fd = open(path, O_RDONLY | O_CLOEXEC);
    while (*fd >= 0 && (len = read(*fd, part, sizeof part)) > 0)
        for (const char *at = part; (at = memchr(at, '\n', (size_t)(part + len - at))) != NULL;
             at++)
            lines++;
    return lines;
}

static int watch_folder_of(const char *path)
{
    char folder[4096];
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof folder, "%.*s", slash == NULL ? 1 : (int)(slash - path),
             slash == NULL ? "." : path);
    int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (watch < 0 || inotify_add_watch(watch, folder, IN_CREATE | IN_MODIFY) < 0) {
        perror(folder);
        exit(2);
    }
    return watch;
}

struct moment {
    const char *role, *trace;
    unsigned long line, choice;
    int signal;
};

/* False if the command ended first. */
static bool strike(const struct moment *m, int watch, int pidfd)
{
    char events[65536];
    size_t lines = 0;
    int trace = -1;
    for (;;) {
        struct pollfd fds[] = {{watch, POLLIN, 0}, {pidfd, POLLIN, 0}};
        poll(fds, 2, -1);
        while (read(watch, events, sizeof events) > 0)
            continue;
        lines += count_new_lines(m->trace, &trace);
        pid_t victim = lines < m->line ? 0 : choose(m->role, m->choice);
        if (victim > 0 && kill(victim, m->signal) == 0) {
            printf("%s %d after line %zu\n", m->role, (int)victim, lines);
            return true;
        }
        if (fds[1].revents != 0)
            return false;
    }
}

/* ---- the end ---- */

static bool nobody_is_left(void)
{
    pid_t pid;
    while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
        continue;
    return pid < 0 && errno == ECHILD;
}

/* What outlives the command is our child now. */
static bool await_the_others(void)
{
    for (int ms = 0; ms < LEFT_MS && !nobody_is_left(); ms++)
        poll(NULL, 0, 1);
    if (nobody_is_left())
        return true;
    look_around();
    for (size_t i = 0; i < all_count; i++)
        if (all[i].parent == getpid())
            printf("a process is left: %s %d\n", all[i].name, (int)all[i].pid);
    return false;
}

int main(int argc, char **argv)
{
    if (argc < 7) {
        fputs("usage: kill-at ROLE LINE CHOICE SIGNAL TRACE COMMAND ...\n", stderr);
        return 2;
    }
    struct moment m = {.role = argv[1],
                       .line = strtoul(argv[2], NULL, 10),
                       .choice = strtoul(argv[3], NULL, 10),
                       .signal = (int)strtol(argv[4], NULL, 10),
                       .trace = argv[5]};
    unlink(m.trace);
    int watch = watch_folder_of(m.trace), status;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    runner = fork();
    if (runner == 0) {
        execvp(argv[6], argv + 6);
        _exit(127);
    }
    bool killed = strike(&m, watch, (int)syscall(SYS_pidfd_open, runner, 0));
    waitpid(runner, &status, 0);
    if (!await_the_others())
        return LEFT;
    if (!killed)
        return NOT_KILLED;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
