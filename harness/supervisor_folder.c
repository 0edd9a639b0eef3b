/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER_PREFIX "mdcts-run-"

enum { FOLDER_DEPTH_MAX = 32, NOBODY = 65534 };

static bool fail(char why[SUPERVISOR_WHY_MAX], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool fail(char why[SUPERVISOR_WHY_MAX], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, SUPERVISOR_WHY_MAX, format, arguments);
    va_end(arguments);
    return false;
}

struct folder_user folder_unprivileged(void)
{
    const struct passwd *nobody = getpwnam("nobody");
    return nobody == NULL ? (struct folder_user){NOBODY, NOBODY}
                          : (struct folder_user){nobody->pw_uid, nobody->pw_gid};
}

static const char *folder_base(void)
{
    const char *base = getenv("TMPDIR");
    return base == NULL || base[0] == '\0' ? "/tmp" : base;
}

/* Names travel through pcscd's reader.conf and a shell: no blanks, no quotes. */
static bool base_usable(const char *base, char why[SUPERVISOR_WHY_MAX])
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789/._+,@:=-";
    size_t room = SUPERVISOR_FOLDER_MAX - sizeof "/" FOLDER_PREFIX "XXXXXX/w";
    if (base[0] != '/' || base[strspn(base, allowed)] != '\0')
        return fail(why, "TMPDIR is %s: set it to an absolute path of letters, digits and ._+,@:=-",
                    base);
    if (strlen(base) > room)
        return fail(why,
                    "TMPDIR is %s, too long for Unix sockets below it: set it to a folder whose "
                    "path has at most %zu bytes, for example /tmp",
                    base, room);
    return true;
}

/* As root we start programs as another user, who has to get there. */
static bool base_reachable(const char *base, char why[SUPERVISOR_WHY_MAX])
{
    char part[SUPERVISOR_FOLDER_MAX];
    struct stat st;
    for (size_t i = 1; geteuid() == 0; i++) {
        if (base[i] != '/' && base[i] != '\0')
            continue;
        memcpy(part, base, i);
        part[i] = '\0';
        if (stat(part, &st) != 0 || !S_ISDIR(st.st_mode))
            return fail(why, "TMPDIR is %s, but %s is no folder: set TMPDIR to one", base, part);
        if ((st.st_mode & S_IXOTH) == 0)
            return fail(why,
                        "user nobody, as whom the card and pcscd run, may not enter %s: set TMPDIR "
                        "to a folder open to all, for example /tmp",
                        part);
        if (base[i] == '\0')
            return true;
    }
    return true;
}

/* Locked before it gets the name under which others look for it. */
static int make_lock(const char *folder)
{
    char fresh[128], final[128];
    snprintf(fresh, sizeof fresh, "%s/lock~", folder);
    snprintf(final, sizeof final, "%s/lock", folder);
    int fd = open(fresh, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 && rename(fresh, final) == 0)
        return fd;
    close(fd);
    return -1;
}

static bool make_workplace(const char *path)
{
    if (mkdir(path, 0700) != 0)
        return false;
    struct folder_user nobody = folder_unprivileged();
    return geteuid() != 0 || chown(path, nobody.uid, nobody.gid) == 0;
}

int folder_make(struct supervisor *s, char why[SUPERVISOR_WHY_MAX])
{
    const char *base = folder_base();
    if (!base_usable(base, why) || !base_reachable(base, why))
        return -1;
    snprintf(s->folder, sizeof s->folder, "%s/" FOLDER_PREFIX "XXXXXX", base);
    if (mkdtemp(s->folder) == NULL) {
        fail(why, "cannot make a folder in %s: %s; set TMPDIR to a folder you may write", base,
             strerror(errno));
        return -1;
    }
    int lock = make_lock(s->folder);
    size_t len = strlen(s->folder);
    memcpy(s->workplace, s->folder, len);
    memcpy(s->workplace + len, "/w", 3);
    if (lock >= 0 && (geteuid() != 0 || chmod(s->folder, 0711) == 0) &&
        make_workplace(s->workplace))
        return lock;
    fail(why, "cannot set up %s: %s", s->folder, strerror(errno));
    folder_remove(s->folder);
    if (lock >= 0)
        close(lock);
    return -1;
}

static void remove_entries(int parent, const char *name, int depth)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (dir == NULL) {
        if (fd >= 0)
            close(fd);
        return;
    }
    const struct dirent *e;
    while ((e = readdir(dir)) != NULL) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        if (unlinkat(fd, e->d_name, 0) == 0 || depth == FOLDER_DEPTH_MAX)
            continue;
        remove_entries(fd, e->d_name, depth + 1);
        unlinkat(fd, e->d_name, AT_REMOVEDIR);
    }
    closedir(dir);
}

void folder_remove(const char *path)
{
    remove_entries(AT_FDCWD, path, 0);
    rmdir(path);
}

/* A folder without a lock is being made, or somebody else's: left alone. */
static void remove_if_stale(const char *path)
{
    char lock[PATH_MAX + sizeof "/lock"];
    struct stat st;
    snprintf(lock, sizeof lock, "%s/lock", path);
    if (lstat(path, &st) != 0 || st.st_uid != geteuid())
        return;
    int fd = open(lock, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        folder_remove(path);
    close(fd);
}

void folder_remove_stale(void)
{
    const char *base = folder_base();
    DIR *dir = opendir(base);
    const struct dirent *e;
    while (dir != NULL && (e = readdir(dir)) != NULL) {
        char path[PATH_MAX];
        if (strncmp(e->d_name, FOLDER_PREFIX, sizeof FOLDER_PREFIX - 1) != 0)
            continue;
        if ((size_t)snprintf(path, sizeof path, "%s/%s", base, e->d_name) + sizeof "/lock" <=
            sizeof path)
            remove_if_stale(path);
    }
    if (dir != NULL)
        closedir(dir);
}
