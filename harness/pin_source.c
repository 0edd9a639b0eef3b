/* SPDX-License-Identifier: Apache-2.0 */
#include "pin_source.h"

#include "mdcts/cardmod.h"
#include "step_role.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static void strip_newline(char *text)
{
    text[strcspn(text, "\r\n")] = '\0';
}

static bool read_line(int fd, char *text, size_t capacity)
{
    size_t len = 0;
    while (len + 1 < capacity) {
        ssize_t n = read(fd, text + len, 1);
        if (n <= 0 || text[len] == '\n')
            break;
        len++;
    }
    text[len] = '\0';
    strip_newline(text);
    return len > 0;
}

/* Asks on the terminal itself, echo off, so that redirections neither see nor give a PIN. */
static bool prompt(const char *role, char *text, size_t capacity)
{
    struct termios before, silent;
    int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (terminal < 0)
        return false;
    bool ok = tcgetattr(terminal, &before) == 0;
    if (ok) {
        silent = before;
        silent.c_lflag &= ~(tcflag_t)ECHO;
        ok = tcsetattr(terminal, TCSAFLUSH, &silent) == 0;
    }
    if (ok) {
        dprintf(terminal, "PIN of %s: ", role);
        ok = read_line(terminal, text, capacity);
        tcsetattr(terminal, TCSAFLUSH, &before);
        dprintf(terminal, "\n");
    }
    close(terminal);
    return ok;
}

static bool read_variable(const char *variable, char *text, size_t capacity)
{
    char *value = getenv(variable);
    if (value == NULL || value[0] == '\0' || strlen(value) >= capacity)
        return false;
    memcpy(text, value, strlen(value) + 1);
    explicit_bzero(value, strlen(value)); /* also out of /proc/PID/environ */
    unsetenv(variable);
    return true;
}

bool pin_source_set(const char *pin, uint32_t role, struct pin_storage *storage,
                    struct card_secrets *secrets, struct secret_mask *mask)
{
    size_t len = strlen(pin);
    if (role >= ROLES_COUNT || len > PIN_BYTES_MAX || !secret_mask_add(mask, pin))
        return false;
    if (pin != storage->text[role])
        memcpy(storage->text[role], pin, len + 1);
    secrets->pins[role] = (struct bytes){(const uint8_t *)storage->text[role], len};
    return true;
}

static const char *read_pin(struct arena *keep, const struct profile_pin *pin, char *text)
{
    switch (pin->source) {
    case PIN_FROM_ENV:
        if (!read_variable(pin->variable, text, PIN_BYTES_MAX + 1))
            return arena_printf(
                keep, "the environment variable %s, which holds the PIN of %s, is not set",
                pin->variable, pin->role);
        return NULL;
    case PIN_FROM_FD:
        if (!read_line(pin->fd, text, PIN_BYTES_MAX + 1))
            return arena_printf(keep, "descriptor %d gave no PIN of %s", pin->fd, pin->role);
        return NULL;
    case PIN_FROM_PROMPT:
        if (!prompt(pin->role, text, PIN_BYTES_MAX + 1))
            return arena_printf(keep,
                                "the PIN of %s is to be asked for, but there is no terminal; "
                                "name a source in the profile, for instance env:%s",
                                pin->role, PIN_VARIABLE);
        return NULL;
    case PIN_FROM_PAD:
    case PIN_NONE: break;
    }
    return NULL;
}

const char *pin_source_read(struct arena *keep, const struct profile *profile,
                            struct pin_storage *storage, struct card_secrets *secrets,
                            struct secret_mask *mask)
{
    for (size_t i = 0; i < profile->pin_count; i++) {
        const struct profile_pin *pin = &profile->pins[i];
        uint32_t role = role_number(pin->role);
        if (role >= ROLES_COUNT || pin->source == PIN_FROM_PAD || pin->source == PIN_NONE)
            continue;
        const char *problem = read_pin(keep, pin, storage->text[role]);
        if (problem == NULL && !pin_source_set(storage->text[role], role, storage, secrets, mask))
            problem = arena_printf(keep, "the PIN of %s is too long or too short", pin->role);
        if (problem != NULL)
            return problem;
    }
    if (secrets->pins[ROLE_USER].data == NULL &&
        read_variable(PIN_VARIABLE, storage->text[ROLE_USER], PIN_BYTES_MAX + 1) &&
        !pin_source_set(storage->text[ROLE_USER], ROLE_USER, storage, secrets, mask))
        return "the PIN in " PIN_VARIABLE " is too long or too short";
    return NULL;
}

void pin_source_wipe(struct pin_storage *storage, struct card_secrets *secrets)
{
    explicit_bzero(storage, sizeof *storage);
    memset(secrets, 0, sizeof *secrets);
}
