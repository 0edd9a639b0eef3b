/* SPDX-License-Identifier: Apache-2.0 */
#include "paths.h"

#include "base/arena.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_BYTES_MAX 4096
#define LEVELS_MAX     6 /* folders above the executable that are looked at */

static struct arena path_arena; /* for the program's life */

const char *program_dir(void)
{
    static char dir[PATH_BYTES_MAX];
    if (dir[0] != '\0')
        return dir;
    ssize_t len = readlink("/proc/self/exe", dir, sizeof dir - 1);
    if (len <= 0)
        return ".";
    dir[len] = '\0';
    char *slash = strrchr(dir, '/');
    if (slash != NULL)
        *slash = '\0';
    return dir;
}

const char *program_path(const char *relative)
{
    return arena_printf(&path_arena, "%s/%s", program_dir(), relative);
}

static bool has_requirements(const char *dir)
{
    return access(arena_printf(&path_arena, "%s/requirements.yaml", dir), R_OK) == 0;
}

const char *cases_dir(void)
{
    const char *named = getenv("MDCTS_CASES");
    if (named != NULL && named[0] != '\0')
        return named;
    if (has_requirements("cases"))
        return "cases";
    const char *up = program_dir();
    for (int level = 0; level < LEVELS_MAX; level++) {
        const char *dir = arena_printf(&path_arena, "%s/cases", up);
        if (has_requirements(dir)) {
            char *real = realpath(dir, NULL);
            const char *found = real == NULL ? dir : arena_strdup(&path_arena, real);
            free(real);
            return found;
        }
        up = arena_printf(&path_arena, "%s/..", up);
    }
    return "cases";
}
