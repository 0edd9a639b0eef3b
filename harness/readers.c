/* SPDX-License-Identifier: Apache-2.0 */
#include "readers.h"

#include "paths.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1024

/* Starts "mdcts-host --readers" with its output in a pipe; -1 if that fails. */
static int spawn_lister(struct arena *keep, const char *pcsc_socket, pid_t *pid)
{
    int pipe_fds[2];
    const char *argv[] = {program_path("mdcts-host"), "--readers", NULL};
    const char *env[3] = {"LC_ALL=C", NULL, NULL};
    if (pcsc_socket != NULL)
        env[1] = arena_printf(keep, "PCSCLITE_CSOCK_NAME=%s", pcsc_socket);
    if (pipe(pipe_fds) != 0)
        return -1;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pipe_fds[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, pipe_fds[0]);
    int error = posix_spawn(pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv,
                            (char *const *)(uintptr_t)env);
    posix_spawn_file_actions_destroy(&actions);
    close(pipe_fds[1]);
    if (error == 0)
        return pipe_fds[0];
    close(pipe_fds[0]);
    return -1;
}

/* A line is ATR in hexadecimal or "-", a tab, the name. */
static void add_line(struct arena *keep, char *line, struct readers *out)
{
    char *tab = strchr(line, '\t');
    line[strcspn(line, "\n")] = '\0';
    if (tab == NULL || out->count == READERS_MAX)
        return;
    *tab = '\0';
    bool has_card = strcmp(line, "-") != 0;
    out->items[out->count++] = (struct reader){
        .name = arena_strdup(keep, tab + 1),
        .has_card = has_card,
        .atr = has_card ? arena_strdup(keep, line) : "",
    };
}

bool readers_list(struct arena *keep, const char *pcsc_socket, struct readers *out,
                  const char **why)
{
    char line[LINE_MAX_BYTES];
    pid_t pid;
    int status = 0;
    *out = (struct readers){.count = 0};
    int fd = spawn_lister(keep, pcsc_socket, &pid);
    FILE *from = fd < 0 ? NULL : fdopen(fd, "r");
    if (from == NULL) {
        *why = arena_printf(keep, "%s cannot be started: %s", program_path("mdcts-host"),
                            strerror(errno));
        return false;
    }
    while (fgets(line, sizeof line, from) != NULL)
        add_line(keep, line, out);
    fclose(from);
    if (waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    *why = "no PC/SC daemon answers; install and start it: apt-get install pcscd, then "
           "systemctl start pcscd.socket";
    return false;
}

const char *reader_atr(struct arena *keep, const char *pcsc_socket, const char *name)
{
    struct readers all;
    const char *why;
    if (readers_list(keep, pcsc_socket, &all, &why))
        for (size_t i = 0; i < all.count; i++)
            if (strcmp(all.items[i].name, name) == 0)
                return all.items[i].atr;
    return "";
}

const char *reader_find(struct arena *keep, const char *pcsc_socket, const char *wanted,
                        const char **why)
{
    struct readers all;
    const char *found = NULL;
    char *end;
    unsigned long number = strtoul(wanted, &end, 10);
    if (!readers_list(keep, pcsc_socket, &all, why))
        return NULL;
    if (all.count == 0) {
        *why = "the PC/SC daemon knows no reader; connect one, or use --reader virtual";
        return NULL;
    }
    if (wanted[0] != '\0' && *end == '\0' && number < all.count)
        return all.items[number].name;
    for (size_t i = 0; i < all.count; i++) {
        if (strcmp(all.items[i].name, wanted) == 0)
            return all.items[i].name;
        if (strstr(all.items[i].name, wanted) == NULL)
            continue;
        if (found != NULL) {
            *why = arena_printf(keep,
                                "'%s' is part of several reader names, for instance '%s' and '%s'",
                                wanted, found, all.items[i].name);
            return NULL;
        }
        found = all.items[i].name;
    }
    if (found == NULL)
        *why = arena_printf(keep, "there is no reader '%s'; 'mdcts readers' lists them", wanted);
    return found;
}
