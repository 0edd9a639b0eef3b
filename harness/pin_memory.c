/* SPDX-License-Identifier: Apache-2.0 */
#include "pin_memory.h"

#include "digest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define SALT_BYTES 16
#define LINE_BYTES 256
#define LINES_MAX  1000
#define FILE_NAME  "refused-pins"

const char *pin_memory_path(struct arena *keep)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    if (state != NULL && state[0] == '/')
        return arena_printf(keep, "%s/mdcts/" FILE_NAME, state);
    if (home == NULL || home[0] != '/')
        return NULL;
    return arena_printf(keep, "%s/.local/state/mdcts/" FILE_NAME, home);
}

static void make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700); /* what is there or can't be made shows when the file is opened */
        *slash = '/';
    }
}

/* The file, to be read, or made and added to.  NULL with errno: none, and ENOENT too where there is
 * no place for one. */
static FILE *memory_open(struct arena *keep, bool add)
{
    const char *path = pin_memory_path(keep);
    errno = ENOENT;
    if (path == NULL || !add)
        return path == NULL ? NULL : fopen(path, "re");
    int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    return fd < 0 ? NULL : fdopen(fd, "a+");
}

/* Until it is closed no other run writes: the folder, for the file is replaced by what is written.
 * -1: there is no such folder. */
static int memory_lock(struct arena *keep)
{
    const char *path = pin_memory_path(keep);
    char *folder = arena_strdup(keep, path == NULL ? "" : path);
    if (path == NULL)
        return -1;
    make_folders(folder);
    *strrchr(folder, '/') = '\0';
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (fd >= 0 && flock(fd, LOCK_EX) != 0 && errno == EINTR)
        continue;
    return fd;
}

static void memory_unlock(int lock)
{
    if (lock >= 0)
        close(lock);
}

static bool is_absent(void)
{
    return errno == ENOENT || errno == ENOTDIR;
}

static const char *refusal_hash(struct arena *keep, const char *salt,
                                const struct pin_refusal *refusal)
{
    const char *text = arena_printf(keep, "%s/%u/%.*s", refusal->card, refusal->role,
                                    (int)refusal->pin.len, (const char *)refusal->pin.data);
    const char *hash = digest_slow(keep, salt, text);
    explicit_bzero((char *)(uintptr_t)text, strlen(text));
    return hash;
}

/* Line 1 is the salt; a line of the file without its newline. */
static bool next_line(FILE *file, char line[LINE_BYTES])
{
    if (fgets(line, LINE_BYTES, file) == NULL)
        return false;
    line[strcspn(line, "\n")] = '\0';
    return true;
}

static bool has_line(FILE *file, const char *hash)
{
    char line[LINE_BYTES];
    bool found = false;
    for (int i = 0; !found && i < LINES_MAX && next_line(file, line); i++)
        found = strcmp(line, hash) == 0;
    return found;
}

bool pin_memory_knows(const struct pin_refusal *refusal)
{
    struct arena arena = {0};
    char line[LINE_BYTES];
    FILE *file = memory_open(&arena, false);
    bool known = false;
    if (file != NULL && next_line(file, line)) {
        const char *hash = refusal_hash(&arena, line, refusal);
        known = hash != NULL && has_line(file, hash);
    }
    if (file != NULL)
        fclose(file);
    arena_free(&arena);
    return known;
}

static const char *read_or_make_salt(struct arena *keep, FILE *file)
{
    char line[LINE_BYTES];
    uint8_t salt[SALT_BYTES];
    rewind(file);
    if (next_line(file, line))
        return arena_strdup(keep, line);
    if (getrandom(salt, sizeof salt, 0) != (ssize_t)sizeof salt)
        return NULL;
    const char *text = bytes_to_hex(keep, (struct bytes){salt, sizeof salt});
    fprintf(file, "%s\n", text);
    return text;
}

static enum pin_note add_to(struct arena *keep, FILE *file, const struct pin_refusal *refusal)
{
    const char *salt = read_or_make_salt(keep, file);
    const char *hash = salt == NULL ? NULL : refusal_hash(keep, salt, refusal);
    if (hash != NULL && has_line(file, hash))
        return PIN_NOTED_BEFORE;
    return hash != NULL && fprintf(file, "%s\n", hash) > 0 ? PIN_NOTED : PIN_NOT_NOTED;
}

enum pin_note pin_memory_add(const struct pin_refusal *refusal)
{
    struct arena arena = {0};
    int lock = memory_lock(&arena);
    FILE *file = memory_open(&arena, true);
    enum pin_note note = file == NULL ? PIN_NOT_NOTED : add_to(&arena, file, refusal);
    if (file != NULL && fclose(file) != 0 && note == PIN_NOTED)
        note = PIN_NOT_NOTED;
    memory_unlock(lock);
    arena_free(&arena);
    return note;
}

/* Copies what is not that line. */
static bool copy_without(FILE *from, FILE *to, const char *hash)
{
    char line[LINE_BYTES];
    bool ok = true;
    rewind(from);
    while (ok && next_line(from, line))
        ok = strcmp(line, hash) == 0 || fprintf(to, "%s\n", line) > 0;
    return ok;
}

static bool remove_from(struct arena *keep, FILE *file, const struct pin_refusal *refusal)
{
    char salt[LINE_BYTES];
    const char *path = pin_memory_path(keep);
    const char *beside = arena_printf(keep, "%s.%d", path, (int)getpid());
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FILE *copy = fd < 0 ? NULL : fdopen(fd, "w");
    const char *hash = next_line(file, salt) ? refusal_hash(keep, salt, refusal) : "";
    bool ok = copy != NULL && hash != NULL && copy_without(file, copy, hash);
    if (copy != NULL)
        ok = fclose(copy) == 0 && ok && rename(beside, path) == 0;
    return ok;
}

bool pin_memory_remove(const struct pin_refusal *refusal)
{
    struct arena arena = {0};
    int lock = memory_lock(&arena);
    FILE *file = memory_open(&arena, false);
    bool ok = file == NULL ? is_absent() : remove_from(&arena, file, refusal);
    if (file != NULL)
        fclose(file);
    memory_unlock(lock);
    arena_free(&arena);
    return ok;
}

bool pin_memory_forget(void)
{
    struct arena arena = {0};
    const char *path = pin_memory_path(&arena);
    bool ok = path == NULL || unlink(path) == 0 || is_absent();
    arena_free(&arena);
    return ok;
}
