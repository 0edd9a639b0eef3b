/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A child's number takes at most 11 bytes with its blank. */
static char text[TREE_CHILDREN_MAX * 11];

static size_t read_file(const char *path, char *buffer, size_t room)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t len = 0;
    ssize_t n;
    while (fd >= 0 && len + 1 < room && (n = read(fd, buffer + len, room - 1 - len)) > 0)
        len += (size_t)n;
    if (fd >= 0)
        close(fd);
    buffer[len] = '\0';
    return len;
}

static size_t thread_children(pid_t pid, const char *thread, pid_t *children, size_t room)
{
    char path[64];
    size_t count = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%.16s/children", (int)pid, thread);
    read_file(path, text, sizeof text);
    for (char *at = text, *end; count < room; at = end) {
        long child = strtol(at, &end, 10);
        if (end == at)
            break;
        children[count++] = (pid_t)child;
    }
    return count;
}

size_t tree_children(pid_t pid, pid_t *children, size_t room)
{
    char path[64];
    size_t count = 0;
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *dir = opendir(path);
    const struct dirent *e;
    while (dir != NULL && (e = readdir(dir)) != NULL) {
        if (e->d_name[0] != '.')
            count += thread_children(pid, e->d_name, children + count, room - count);
    }
    if (dir != NULL)
        closedir(dir);
    return count;
}

static bool is_zombie(pid_t pid)
{
    char path[64], stat[512];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    if (read_file(path, stat, sizeof stat) == 0)
        return true; /* gone for good */
    /* The name in parentheses may hold anything; the state follows the last one. */
    const char *end = strrchr(stat, ')');
    return end == NULL || end[1] == '\0' || end[2] == 'Z' || end[2] == 'X';
}

static size_t kill_below(pid_t pid, bool itself, int depth)
{
    pid_t some[256];
    size_t found = 0;
    size_t n = depth == TREE_DEPTH_MAX ? 0 : tree_children(pid, some, sizeof some / sizeof *some);
    for (size_t i = 0; i < n; i++)
        found += kill_below(some[i], true, depth + 1);
    if (itself && !is_zombie(pid)) {
        kill(pid, SIGKILL);
        found++;
    }
    return found;
}

size_t tree_kill(pid_t pid, bool itself)
{
    return kill_below(pid, itself, 0);
}
