/* SPDX-License-Identifier: Apache-2.0 */
#include "residue_log.h"

#include "freed_search.h"

#include <ctype.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define FOUND_MAX      4
#define AGREEMENTS_MAX 64 /* of a case: the last ones */

/* How far each file was read.  The files are the run's, whichever case is playing. */
static struct {
    dev_t device;
    ino_t number;
    off_t len;
} known[RESIDUE_LOGS_MAX];
static size_t known_count;

struct look {
    struct case_run *run;
    const char *file;
    struct bytes text, digits; /* as it is; its hexadecimal digits alone, in lower case */
    struct node *found;
};

/* The length that was seen last, and remembers the new one; a file that shrank begins anew. */
static off_t take_len(const struct stat *now)
{
    size_t i = 0;
    while (i < known_count && (known[i].device != now->st_dev || known[i].number != now->st_ino))
        i++;
    if (i == RESIDUE_LOGS_MAX)
        return now->st_size;
    if (i == known_count) {
        known[known_count].device = now->st_dev;
        known[known_count++].number = now->st_ino;
    }
    off_t before = known[i].len <= now->st_size ? known[i].len : 0;
    known[i].len = now->st_size;
    return before;
}

static void each_file(const struct node *globs, void (*visit)(void *data, const char *path),
                      void *data)
{
    for (const struct node *one = globs == NULL ? NULL : globs->first; one != NULL;
         one = one->next) {
        glob_t found = {0};
        if (glob(one->text, GLOB_NOSORT, NULL, &found) == 0)
            for (size_t i = 0; i < found.gl_pathc; i++)
                visit(data, found.gl_pathv[i]);
        globfree(&found);
    }
}

static void note_len(void *data, const char *path)
{
    struct stat now;
    (void)data;
    if (stat(path, &now) == 0 && S_ISREG(now.st_mode))
        (void)take_len(&now);
}

void residue_log_start(const struct node *globs)
{
    each_file(globs, note_len, NULL);
}

/* ---- looking ---- */

static void report(struct look *look, const char *what, size_t len)
{
    struct arena *arena = look->run->arena;
    if (look->found->count >= FOUND_MAX)
        return;
    struct node *hit = node_new_map(arena);
    const char *slash = strrchr(look->file, '/');
    node_add(hit, "what", node_new_string(arena, what));
    node_add(hit, "where",
             node_new_string(arena, arena_printf(arena, "the log file %s",
                                                 slash == NULL ? look->file : slash + 1)));
    node_add(hit, "length", node_new_uint(arena, len));
    node_append(look->found, hit);
}

static void look_for(struct look *look, struct bytes secret, const char *what)
{
    struct bytes digits = {0};
    if (secret.len < RESIDUE_KEY_MIN)
        return;
    const char *hex = bytes_to_hex(look->run->arena, secret);
    digits = (struct bytes){(const uint8_t *)hex, strlen(hex)};
    if (bytes_find(look->text, secret) != SIZE_MAX || bytes_find(look->digits, digits) != SIZE_MAX)
        report(look, what, secret.len);
}

/* Digits among other digits are no PIN. */
static void look_for_pin(struct look *look, struct bytes pin)
{
    struct bytes text = look->text;
    for (size_t from = 0; pin.len >= RESIDUE_LOG_PIN_MIN && from + pin.len <= text.len;) {
        size_t at = bytes_find((struct bytes){text.data + from, text.len - from}, pin);
        if (at == SIZE_MAX)
            return;
        at += from;
        from = at + 1;
        if ((at > 0 && isalnum(text.data[at - 1]) != 0) ||
            (at + pin.len < text.len && isalnum(text.data[at + pin.len]) != 0))
            continue;
        report(look, "PIN", pin.len);
        return;
    }
}

static void look_for_all(struct look *look)
{
    struct case_run *run = look->run;
    const struct card_secrets *secrets = run->env->secrets;
    size_t first = run->binding_count > AGREEMENTS_MAX ? run->binding_count - AGREEMENTS_MAX : 0;
    for (size_t i = first; i < run->binding_count; i++)
        if (run->bindings[i]->has_peer)
            look_for(look, freed_search_secret(run, run->bindings[i]), "Z");
    for (size_t i = 0; i < run->key_count && i < KEYS_KEPT; i++)
        look_for(look, run->keys[i], "key");
    for (size_t role = 0; secrets != NULL && role < ROLES_COUNT; role++)
        if ((run->pins_given >> role & 1) != 0)
            look_for_pin(look, secrets->pins[role]);
}

static struct bytes digits_of(struct arena *arena, struct bytes text)
{
    uint8_t *digits = arena_alloc(arena, text.len + 1, 1);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++)
        if (strchr(" :-,", text.data[i]) == NULL || text.data[i] == '\0')
            digits[len++] = (uint8_t)tolower(text.data[i]);
    return (struct bytes){digits, len};
}

static void look_at(void *data, const char *path)
{
    struct look *look = data;
    struct stat now;
    FILE *file = fopen(path, "re");
    bool regular = file != NULL && fstat(fileno(file), &now) == 0 && S_ISREG(now.st_mode);
    off_t from = regular ? take_len(&now) : 0;
    if (regular && now.st_size - from > (off_t)RESIDUE_LOG_BYTES_MAX)
        from = now.st_size - (off_t)RESIDUE_LOG_BYTES_MAX;
    if (regular && now.st_size > from && fseeko(file, from, SEEK_SET) == 0) {
        size_t len = (size_t)(now.st_size - from);
        uint8_t *text = arena_alloc(look->run->arena, len, 1);
        look->file = path;
        look->text = (struct bytes){text, fread(text, 1, len, file)};
        look->digits = digits_of(look->run->arena, look->text);
        look_for_all(look);
    }
    if (file != NULL)
        fclose(file);
}

void residue_log_search(struct case_run *run)
{
    if (run->env->logs == NULL)
        return;
    struct look look = {.run = run, .found = node_new_list(run->arena)};
    each_file(run->env->logs, look_at, &look);
    struct node *event = case_event(run, "residue");
    node_add(event, "after", node_new_string(run->arena, "the case"));
    node_add(event, "log", node_new_bool(run->arena, true));
    if (look.found->count > 0)
        node_add(event, "found", look.found);
    case_emit(run, event);
}
