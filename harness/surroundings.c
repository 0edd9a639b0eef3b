/* SPDX-License-Identifier: Apache-2.0 */
#include "surroundings.h"

#include "digest.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SETUP_MS 60000

const char *surroundings_folder(struct arena *keep, const struct profile *profile)
{
    return profile->driver_cwd == NULL ? NULL : profile_path(keep, profile, profile->driver_cwd);
}

const char *surroundings_problem(struct arena *keep, const struct profile *profile)
{
    struct stat st;
    const char *folder = surroundings_folder(keep, profile);
    if (folder != NULL && stat(folder, &st) != 0)
        return arena_printf(keep, "driver.cwd: %s: %s", folder, strerror(errno));
    if (folder != NULL && !S_ISDIR(st.st_mode))
        return arena_printf(keep, "driver.cwd: %s is no folder", folder);
    const struct node *list = profile->driver_config;
    for (const struct node *one = list == NULL ? NULL : list->first; one != NULL; one = one->next) {
        const char *path = profile_path(keep, profile, node_text(one));
        if (access(path, R_OK) != 0)
            return arena_printf(keep, "driver.config: %s: %s", path, strerror(errno));
    }
    return NULL;
}

const char *surroundings_set_up(struct arena *keep, const struct profile *profile,
                                struct supervisor *supervisor, const char *const *env)
{
    const char *folder = surroundings_folder(keep, profile);
    const char *const argv[] = {
        "/usr/bin/env",        "--chdir", folder == NULL ? "." : folder, "/bin/sh", "-c",
        profile->driver_setup, NULL};
    struct spawn_request request = {.kind = SPAWN_CASE,
                                    .argv = argv,
                                    .env = env,
                                    .fd_count = 2,
                                    .fds = {STDERR_FILENO, STDERR_FILENO},
                                    .targets = {STDOUT_FILENO, STDERR_FILENO}};
    char why[SUPERVISOR_WHY_MAX];
    int status;
    if (profile->driver_setup == NULL)
        return NULL;
    pid_t pid = supervisor_spawn(supervisor, &request, NULL, why);
    if (pid < 0)
        return arena_strdup(keep, why);
    if (!supervisor_wait(supervisor, pid, SETUP_MS, &status)) {
        supervisor_kill(supervisor, pid);
        return arena_printf(keep, "driver.setup: '%s' did not end within %d s",
                            profile->driver_setup, SETUP_MS / 1000);
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return NULL;
    return arena_printf(keep, "driver.setup: '%s' ended with %s %d", profile->driver_setup,
                        WIFEXITED(status) ? "code" : "signal",
                        WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}

struct node *surroundings_config(struct arena *keep, const struct profile *profile)
{
    if (profile->driver_config == NULL)
        return NULL;
    struct node *list = node_new_list(keep);
    for (const struct node *one = profile->driver_config->first; one != NULL; one = one->next) {
        const char *path = profile_path(keep, profile, node_text(one));
        const char *hash = digest_file(keep, path);
        struct node *row = node_new_map(keep);
        node_add(row, "path", node_new_string(keep, path));
        node_add(row, "sha256", hash == NULL ? node_new_null(keep) : node_new_string(keep, hash));
        node_append(list, row);
    }
    return list;
}
