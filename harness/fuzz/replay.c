/* SPDX-License-Identifier: Apache-2.0 */
/* A target without libFuzzer, for every compiler: plays files, then so many inputs made of them by
 * chance from a fixed seed.
 *
 *     fuzz-TARGET-replay [--runs N] [--seed S] [--keep FILE] FILE-OR-FOLDER ...
 *
 * The input under way lies in the kept file, which a crash leaves behind; a good end removes it. */
#include "fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES_MAX = 10000, INPUT_BYTES_MAX = 1 << 20, MADE_BYTES_MAX = 1 << 16, CHANGES_MAX = 4 };

static struct bytes files[FILES_MAX];
static size_t file_count;
static uint64_t state;
static const char *kept_path;
static uint8_t *kept; /* the kept file's memory */
static int kept_fd = -1;

static void die(const char *what, const char *name)
{
    fprintf(stderr, "replay: error: %s: ", name);
    perror(what);
    exit(2);
}

/* xorshift64* */
static size_t chance(size_t below)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (size_t)((state * UINT64_C(2685821657736338717) >> 33) % below);
}

/* ---- inputs ---- */

static void read_file(const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0)
        die("can't be read", path);
    size_t len = st.st_size > INPUT_BYTES_MAX ? INPUT_BYTES_MAX : (size_t)st.st_size;
    uint8_t *data = malloc(len + (len == 0));
    if (data == NULL || read(fd, data, len) != (ssize_t)len || file_count == FILES_MAX)
        die("can't be read", path);
    close(fd);
    files[file_count++] = (struct bytes){data, len};
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void read_path(const char *path)
{
    struct dirent **entries;
    struct stat st;
    if (stat(path, &st) != 0)
        die("can't be read", path);
    if (!S_ISDIR(st.st_mode)) {
        read_file(path);
        return;
    }
    int count = scandir(path, &entries, NULL, by_name);
    for (int i = 0; i < count; i++) {
        char name[4096];
        snprintf(name, sizeof name, "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.')
            read_path(name);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

/* ---- playing ---- */

static void keep_open(void)
{
    if (kept_path == NULL)
        return;
    kept_fd = open(kept_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (kept_fd < 0 || ftruncate(kept_fd, INPUT_BYTES_MAX) != 0)
        die("can't be written", kept_path);
    kept = mmap(NULL, INPUT_BYTES_MAX, PROT_READ | PROT_WRITE, MAP_SHARED, kept_fd, 0);
    if (kept == MAP_FAILED)
        die("can't be written", kept_path);
}

static void play(struct bytes input)
{
    if (kept != NULL) {
        if (ftruncate(kept_fd, (off_t)input.len) != 0)
            die("can't be written", kept_path);
        if (input.len > 0)
            memcpy(kept, input.data, input.len);
    }
    LLVMFuzzerTestOneInput(input.data, input.len);
}

/* One change somewhere in the input; returns its new length. */
static size_t change(uint8_t *data, size_t len)
{
    static const uint8_t telling[] = {0, 1, 0x7F, 0x80, 0xFF, '"', '\\', '{', '[', ':', '\n', '-'};
    size_t at = len == 0 ? 0 : chance(len), some = len == 0 ? 0 : 1 + chance(len - at);
    const struct bytes other = files[chance(file_count)];
    switch (len == 0 ? 4 : chance(6)) {
    case 0: data[at] ^= (uint8_t)(1u << chance(8)); return len;
    case 1: data[at] = telling[chance(sizeof telling)]; return len;
    case 2: memmove(data + at, data + at + some, len - at - some); return len - some;
    case 3:
        if (len + some > MADE_BYTES_MAX)
            return len;
        memmove(data + at + some, data + at, len - at);
        return len + some;
    case 4: /* go on as another one does */
        some = other.len == 0 ? 0 : chance(other.len);
        if (at + other.len - some > MADE_BYTES_MAX)
            return len;
        memcpy(data + at, other.data + some, other.len - some);
        return at + other.len - some;
    default: return at;
    }
}

static void play_made(void)
{
    static uint8_t made[MADE_BYTES_MAX];
    const struct bytes from = files[chance(file_count)];
    size_t len = from.len > MADE_BYTES_MAX ? MADE_BYTES_MAX : from.len;
    memcpy(made, from.data, len);
    for (size_t i = 0, count = 1 + chance(CHANGES_MAX); i < count; i++)
        len = change(made, len);
    uint8_t *exact = malloc(len + (len == 0));
    FUZZ_HOLDS(exact != NULL);
    memcpy(exact, made, len);
    play((struct bytes){exact, len});
    free(exact);
}

int main(int argc, char **argv)
{
    unsigned long runs = 0;
    int at = 1;
    state = 1;
    LLVMFuzzerInitialize(&argc, &argv);
    for (; at + 1 < argc && strncmp(argv[at], "--", 2) == 0; at += 2) {
        if (strcmp(argv[at], "--runs") == 0)
            runs = strtoul(argv[at + 1], NULL, 10);
        if (strcmp(argv[at], "--seed") == 0)
            state = strtoull(argv[at + 1], NULL, 10) | 1;
        if (strcmp(argv[at], "--keep") == 0)
            kept_path = argv[at + 1];
    }
    for (; at < argc; at++)
        read_path(argv[at]);
    if (file_count == 0)
        die("no input", "the command line");
    keep_open();
    for (size_t i = 0; i < file_count; i++)
        play(files[i]);
    for (unsigned long i = 0; i < runs; i++)
        play_made();
    if (kept_path != NULL)
        unlink(kept_path);
    for (size_t i = 0; i < file_count; i++)
        free((void *)(uintptr_t)files[i].data);
    printf("%zu files and %lu inputs made of them: nothing found\n", file_count, runs);
    return 0;
}
