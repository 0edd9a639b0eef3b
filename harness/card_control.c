/* SPDX-License-Identifier: Apache-2.0 */
#include "card_control.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { ANSWER_MS_MAX = 5000, POWER_TRIES = 2000 };

bool card_control_open(struct card_control *c, const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    *c = (struct card_control){.fd = -1};
    if (strlen(path) >= sizeof at.sun_path) {
        errno = ENAMETOOLONG;
        return false;
    }
    strcpy(at.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    if (connect(fd, (struct sockaddr *)&at, sizeof at) != 0) {
        int error = errno;
        close(fd);
        errno = error;
        return false;
    }
    c->fd = fd;
    return true;
}

void card_control_close(struct card_control *c)
{
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
}

static bool exchange(struct card_control *c, const char *text)
{
    size_t len = strlen(text);
    struct pollfd wait = {c->fd, POLLIN, 0};
    c->answer[0] = '\0';
    if (c->fd < 0 || send(c->fd, text, len, MSG_NOSIGNAL) != (ssize_t)len ||
        poll(&wait, 1, ANSWER_MS_MAX) != 1)
        return false;
    ssize_t n = recv(c->fd, c->answer, sizeof c->answer - 1, MSG_DONTWAIT);
    if (n <= 0)
        return false;
    c->answer[n] = '\0';
    return strncmp(c->answer, "ok", 2) == 0;
}

bool card_control_command(struct card_control *c, const char *format, ...)
{
    char text[CARD_CONTROL_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return n > 0 && (size_t)n < sizeof text && exchange(c, text);
}

bool card_control_status(struct card_control *c, struct card_status *out)
{
    int present, powered;
    *out = (struct card_status){0};
    if (!exchange(c, "status") ||
        sscanf(c->answer,
               "ok present %d powered %d watchers %u apdus %" SCNu64 " resets %" SCNu64
               " power_ons %" SCNu64 " fired %" SCNu32 " pin_tries %u puk_tries %u",
               &present, &powered, &out->watchers, &out->apdus, &out->resets, &out->power_ons,
               &out->fired, &out->pin_tries, &out->puk_tries) != 9)
        return false;
    out->present = present != 0;
    out->powered = powered != 0;
    return true;
}

bool card_control_remove(struct card_control *c)
{
    return exchange(c, "remove");
}

bool card_control_insert(struct card_control *c)
{
    return exchange(c, "insert");
}

bool card_control_reset(struct card_control *c)
{
    return exchange(c, "reset");
}

bool card_control_save(struct card_control *c)
{
    return exchange(c, "save 0");
}

static bool insert_and_wait(struct card_control *c)
{
    struct card_status status = {0};
    if (!card_control_insert(c))
        return false;
    for (int i = 0; i < POWER_TRIES && !status.powered; i++) {
        poll(NULL, 0, 1);
        if (!card_control_status(c, &status))
            return false;
    }
    return status.powered;
}

bool card_control_restore(struct card_control *c)
{
    int present;
    uint64_t apdus;
    if (!exchange(c, "rewind 0") ||
        sscanf(c->answer, "ok present %d apdus %" SCNu64, &present, &apdus) != 2 ||
        (present == 0 && !insert_and_wait(c)))
        return false;
    c->apdus_before = apdus;
    return true;
}

bool card_control_count(struct card_control *c, uint64_t *apdus)
{
    struct card_status status;
    if (!card_control_status(c, &status))
        return false;
    *apdus = status.apdus - c->apdus_before;
    return true;
}

bool card_control_fault(struct card_control *c, unsigned n, const char *what)
{
    return card_control_command(c, "fault %u %s", n, what);
}

bool card_control_latency(struct card_control *c, const char *what)
{
    return card_control_command(c, "latency %s", what);
}

bool card_control_clear(struct card_control *c)
{
    return exchange(c, "clear");
}
