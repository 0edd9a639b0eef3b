/* SPDX-License-Identifier: Apache-2.0 */
/* Virtual readers: cards, and a pcscd of our own that nobody else sees, in the run's folder.
 *
 * Everything is started by the supervisor and ends with it.  Sentences in `why` are for the user.
 */
#ifndef MDCTS_VIRTUAL_READER_H
#define MDCTS_VIRTUAL_READER_H

#include "card_control.h"
#include "supervisor.h"

#include <sys/un.h>

enum { VIRTUAL_READERS_MAX = 2, VIRTUAL_PATH_MAX = 108, VIRTUAL_START_MS = 10000 };

struct virtual_reader_options {
    const char *program_dir;  /* where mdcts-card lies; NULL: the running executable's folder */
    const char *card_command; /* run by a shell, with {socket} and, if it likes, {control} replaced
                               * by paths; NULL: our own card */
    const char *const *card_arguments; /* added to our own card's; NULL: none */
    unsigned readers;                  /* 1 or 2 */
    unsigned deadline_ms;              /* 0: VIRTUAL_START_MS */
};

struct virtual_card {
    char name[32];               /* of its reader, as SCardConnect wants it */
    struct card_control control; /* fd -1: a command without {control} */
    struct sockaddr_un at;       /* where it listens */
    pid_t pid;
    int pidfd; /* -1: nobody watches for its end */
};

struct virtual_reader {
    char socket[VIRTUAL_PATH_MAX]; /* the value of PCSCLITE_CSOCK_NAME */
    pid_t pcscd;
    int pcscd_pidfd;
    unsigned count;
    struct virtual_card cards[VIRTUAL_READERS_MAX];
};

/* Our own card's first image is saved (card_control_save). */
bool virtual_reader_start(struct virtual_reader *v, struct supervisor *s,
                          const struct virtual_reader_options *options,
                          char why[SUPERVISOR_WHY_MAX]);

/* Which program of it has ended by itself: "pcscd", "the card's program"; NULL: none. */
const char *virtual_reader_lost(struct virtual_reader *v);

/* Ends the cards and the daemon; the supervisor goes on. */
void virtual_reader_stop(struct virtual_reader *v, struct supervisor *s);

/* `mdcts virtual -- COMMAND ARGS...`: run a command beside virtual readers, with its standard
 * streams and PCSCLITE_CSOCK_NAME set.  Returns its exit code, 128 + signal, or 3 with why. */
int virtual_reader_exec(const struct virtual_reader_options *options, const char *const *argv,
                        char why[SUPERVISOR_WHY_MAX]);

#endif
