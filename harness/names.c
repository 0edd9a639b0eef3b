/* SPDX-License-Identifier: Apache-2.0 */
#include "names.h"

#include "base/clock.h"
#include "paths.h"
#include "places.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWER_BYTES_MAX ((size_t)PLACES_MAX * (2 * PLACE_TEXT_MAX + 64))

/* ---- asking ---- */

struct child {
    pid_t pid;
    int in, out; /* our ends */
};

static bool start(struct child *child, const char *file)
{
    const char *tool = program_path("mdcts-names");
    char *const argv[] = {strdup(tool), strdup(file), NULL};
    char *const nothing[] = {NULL}; /* the environment may have a PIN in it */
    int in[2] = {-1, -1}, out[2] = {-1, -1};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    bool ok = argv[0] != NULL && argv[1] != NULL && pipe2(in, O_CLOEXEC) == 0 &&
              pipe2(out, O_CLOEXEC) == 0;
    posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    ok = ok && posix_spawn(&child->pid, tool, &actions, NULL, argv, nothing) == 0;
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    child->in = in[1];
    child->out = out[0];
    free(argv[0]);
    free(argv[1]);
    return ok;
}

/* The questions are short enough for a pipe. */
static void ask(const struct child *child, const char *questions)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
    sigaction(SIGPIPE, &ignore, &before);
    ssize_t done = write(child->in, questions, strlen(questions));
    (void)done; /* it answers what it was asked */
    sigaction(SIGPIPE, &before, NULL);
    close(child->in);
}

static bool may_read(int fd, uint64_t deadline)
{
    struct pollfd one = {fd, POLLIN, 0};
    uint64_t now = clock_ns();
    return now < deadline && (poll(&one, 1, (int)((deadline - now) / 1000000) + 1) > 0);
}

/* The answer so far; a line that was cut is left out. */
static char *hear(struct arena *keep, const struct child *child, uint64_t deadline)
{
    char *text = arena_alloc(keep, ANSWER_BYTES_MAX + 1, 1);
    size_t len = 0;
    ssize_t got = 1;
    while (got > 0 && len < ANSWER_BYTES_MAX && may_read(child->out, deadline)) {
        got = read(child->out, text + len, ANSWER_BYTES_MAX - len);
        len += got > 0 ? (size_t)got : 0;
    }
    while (len > 0 && text[len - 1] != '\n')
        len--;
    text[len] = '\0';
    return text;
}

static char *run_tool(struct arena *keep, const char *file, const char *questions,
                      uint64_t deadline)
{
    struct child child = {.pid = -1};
    char *answer = NULL;
    if (start(&child, file)) {
        ask(&child, questions);
        answer = hear(keep, &child, deadline);
        kill(child.pid, SIGKILL);
        while (waitpid(child.pid, NULL, 0) < 0 && errno == EINTR)
            continue;
    } else {
        close(child.in);
    }
    close(child.out);
    return answer;
}

/* ---- what it said ---- */

/* Up to the next tab; the file may call things as it likes. */
static const char *take_part(struct arena *keep, char **rest)
{
    char *part = strsep(rest, "\t");
    size_t len = part == NULL ? 0 : strlen(part);
    for (size_t i = 0; i < len; i++)
        if (part[i] <= ' ' || part[i] >= 0x7f)
            part[i] = '?';
    return arena_printf(keep, "%.*s", PLACE_TEXT_MAX, len == 0 ? "" : part);
}

static void take_line(struct arena *keep, char *line, const char *module, struct node *out)
{
    const char *address = take_part(keep, &line), *function = take_part(keep, &line),
               *offset = take_part(keep, &line), *file = take_part(keep, &line),
               *number = take_part(keep, &line);
    struct node *place = node_new_map(keep);
    if (function[0] == '\0' && file[0] == '\0')
        return;
    node_add(place, "at", node_new_string(keep, arena_printf(keep, "%s+0x%s", module, address)));
    if (function[0] != '\0')
        node_add(place, "function", node_new_string(keep, function));
    node_add(place, "offset", node_new_uint(keep, strtoull(offset, NULL, 10)));
    if (file[0] != '\0') {
        node_add(place, "file", node_new_string(keep, file));
        node_add(place, "line", node_new_uint(keep, strtoull(number, NULL, 10)));
    }
    node_append(out, place);
}

/* ---- which file ---- */

static size_t module_len(const char *place)
{
    const char *plus = strrchr(place, '+');
    return plus == NULL ? 0 : (size_t)(plus - place);
}

static const char *file_of(struct arena *keep, const char *driver, const char *module)
{
    const char *slash = strrchr(driver, '/');
    int folder = slash == NULL ? 0 : (int)(slash + 1 - driver);
    if (strchr(module, '/') != NULL)
        return NULL;
    const char *file = arena_printf(keep, "%.*s%s", folder, driver, module);
    return access(file, R_OK) == 0 ? file : NULL;
}

static const char *questions_about(struct arena *keep, const struct node *wanted,
                                   const char *module)
{
    size_t len = strlen(module);
    const char *questions = "";
    for (const struct node *one = wanted->first; one != NULL; one = one->next)
        if (module_len(one->text) == len && memcmp(one->text, module, len) == 0)
            questions = arena_printf(keep, "%s%s\n", questions, one->text + len + strlen("+0x"));
    return questions;
}

static bool was_asked(const struct node *wanted, const struct node *until, const char *module)
{
    size_t len = strlen(module);
    for (const struct node *one = wanted->first; one != until; one = one->next)
        if (module_len(one->text) == len && memcmp(one->text, module, len) == 0)
            return true;
    return false;
}

struct node *names_find(struct arena *keep, const char *driver, const struct node *wanted)
{
    struct node *found = node_new_list(keep);
    uint64_t deadline = clock_ns() + (uint64_t)NAMES_TIMEOUT_MS * 1000000;
    for (const struct node *one = wanted->first; one != NULL; one = one->next) {
        const char *module = arena_printf(keep, "%.*s", (int)module_len(one->text), one->text);
        const char *file = was_asked(wanted, one, module) ? NULL : file_of(keep, driver, module);
        char *rest = file == NULL
                         ? NULL
                         : run_tool(keep, file, questions_about(keep, wanted, module), deadline),
             *line;
        while (rest != NULL && *rest != '\0' && (line = strsep(&rest, "\n")) != NULL)
            take_line(keep, line, module, found);
    }
    return found;
}
