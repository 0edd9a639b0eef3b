/* SPDX-License-Identifier: Apache-2.0 */
/* What a command that touches a driver needs around it: supervisor, reader, host server, PINs.
 *
 * A session owns all of them; session_close() ends every process it started, and so does the end of
 * the runner, however it comes.  Problems are sentences on stderr; session_open() returns the exit
 * code that they call for. */
#ifndef MDCTS_SESSION_H
#define MDCTS_SESSION_H

#include "case_run.h"
#include "pin_source.h"
#include "pin_use.h"
#include "virtual_reader.h"

#define SESSION_READERS_MAX 2

/* The options that run, derive, probe and doctor share; see SESSION_OPTION_ROWS. */
struct session_options {
    const char *driver;          /* NULL: the profile's */
    const char *reader;          /* NULL: the profile's, else the virtual one */
    const char *profile;         /* NULL: none */
    const char *card;            /* command line of another card simulator; NULL: ours */
    const char *abi;             /* sysv or ms; NULL: the profile's, else sysv */
    const char *wrap;            /* words in front of the host's program; NULL: none */
    unsigned long timeout_scale; /* percent; 0: 100 */
    unsigned readers;            /* that cases ask for; 0: one.  A real setup has one. */
    unsigned job, jobs; /* this session is one of several side by side; 0 of 0: it is alone */
};

/* Rows for a command's option table; o is its struct session_options. */
#define SESSION_OPTION_ROWS(o)                                                                     \
    {                                                                                              \
        "driver",   'd', OPTION_TEXT, "FILE", "the minidriver under test, a shared object",        \
        &(o).driver},                                                                              \
        {"reader",                                                                                 \
         'r',                                                                                      \
         OPTION_TEXT,                                                                              \
         "NAME",                                                                                   \
         "PC/SC reader: name, part of it, index, or 'virtual' [virtual]",                          \
         &(o).reader},                                                                             \
        {"profile", 'p', OPTION_TEXT, "FILE", "what is known of the driver (YAML)", &(o).profile}, \
        {"card",                                                                                   \
         0,                                                                                        \
         OPTION_TEXT,                                                                              \
         "COMMAND",                                                                                \
         "with 'virtual': a card simulator of your own; {socket} is replaced",                     \
         &(o).card},                                                                               \
        {"abi",                                                                                    \
         0,                                                                                        \
         OPTION_TEXT,                                                                              \
         "ABI",                                                                                    \
         "the driver's calling convention: sysv, or ms as on Windows [sysv]",                      \
         &(o).abi},                                                                                \
        {"wrap",                                                                                   \
         0,                                                                                        \
         OPTION_TEXT,                                                                              \
         "COMMAND",                                                                                \
         "words in front of the program that loads the driver: 'valgrind -q'",                     \
         &(o).wrap},                                                                               \
    {                                                                                              \
        "timeout-scale", 0, OPTION_NUMBER, "PERCENT", "scale every time limit [100]",              \
            &(o).timeout_scale                                                                     \
    }

struct session {
    struct arena keep;
    struct run_environment env;
    struct profile profile;
    struct supervisor supervisor;
    struct virtual_reader virtual_reader;
    struct pin_storage pins;
    struct card_secrets secrets;
    struct pin_use pin_use; /* of a card that is somebody's */
    struct secret_mask mask;
    struct peer_cache peers;
    struct run_hosts hosts;
    struct link
        *plain_link; /* the first server's, once session_preload() has put another in its place */
    pid_t server;    /* of env.link */
    const char *readers[SESSION_READERS_MAX];
    const char *wanted_reader; /* a real reader as the user called it */
    const char *pcsc_socket;   /* PCSCLITE_CSOCK_NAME; NULL: the system's daemon */
    const char *abi;           /* "sysv" or "ms" */
    const char *wrap;          /* words in front of the host's program; NULL: none */
    const char *card_name;     /* what PINs are remembered by: the real card's ATR */
    const char *driver_sha256;
    const char *lost;        /* what session_lost() has found */
    struct link_cores cores; /* where hosts run, if has_cores */
    bool is_virtual, has_supervisor, has_virtual_reader, has_cores;
};

/* 0, or the exit code: 2 for a bad profile or usage, 3 for everything that is not there. */
int session_open(struct session *session, const struct session_options *options);

/* Only the reader and its daemon, no driver and no host. */
int session_open_reader(struct session *session, const struct session_options *options);

/* From here on hosts are forks of a server that has loaded the driver, where that makes no
 * difference (no thread, descriptor or child is left by loading); else everything stays as it is.
 * Call it once loading has been seen to work. */
void session_preload(struct session *session);

/* Why a host of this session can't load that driver; NULL if one can. */
const char *session_try_driver(struct session *session, const char *driver);

/* That the card refused a PIN that had not been accepted before in this run, as a sentence; NULL:
 * it did not.  Then nothing may go on.  Not so with our own card, whose PIN we know: there the
 * driver sent another one. */
const char *session_pin_refused(const struct session *session);
bool session_driver_lost_pin(const struct session *session);

/* Which process under the hosts has ended by itself (supervisor, pcscd, card), as a sentence; NULL:
 * none.  Nothing can be judged from then on.  It is also the `lost` of the environment. */
const char *session_lost(struct session *session);

/* Ends what a case left behind and makes ready for the next. */
void session_sweep(struct session *session);

void session_close(struct session *session);

#endif
