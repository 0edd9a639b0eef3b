/* SPDX-License-Identifier: Apache-2.0 */
/* The process that starts every other one and makes sure that none of them stays.
 *
 * supervisor_start() forks it, so call that before the runner allocates anything big.  It owns the
 * run's folder and everything below itself: when the runner stops it, or is gone for whatever
 * reason, it kills every descendant, removes the folder and exits.  Commands are in lock step and
 * come from one thread.  Sentences in `why` are for the user. */
#ifndef MDCTS_SUPERVISOR_H
#define MDCTS_SUPERVISOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    SUPERVISOR_WHY_MAX = 512,
    SUPERVISOR_FDS_MAX = 16,
    SUPERVISOR_CHILDREN_MAX = 64,
    SUPERVISOR_FOLDER_MAX = 88, /* leaves room for names below it in a Unix socket's 107 bytes */
};

struct supervisor {
    int fd;       /* control channel; -1: not running */
    int children; /* the kernel's list of the supervisor's children; -1: none */
    pid_t pid;
    char folder[SUPERVISOR_FOLDER_MAX];    /* the run's own, removed at the end */
    char workplace[SUPERVISOR_FOLDER_MAX]; /* inside it, writable by programs without our user */
    size_t kept_count;                     /* of what survives sweeps */
    struct {
        pid_t pid;
        bool childless; /* SPAWN_SERVER: a child of it is for the sweep */
        int children;   /* childless: the kernel's list of them; -1: none */
    } kept[SUPERVISOR_CHILDREN_MAX];
};

enum spawn_kind {
    SPAWN_CASE,   /* ends with the next sweep, with all its descendants */
    SPAWN_SERVER, /* itself survives sweeps, its descendants don't */
    SPAWN_TREE,   /* survives with its descendants (a vendor's simulator, pcscd) */
};

struct spawn_request {
    enum spawn_kind kind;
    const char *const *argv; /* argv[0] is looked up in PATH; NULL-terminated */
    const char *const *env;  /* the whole environment, NULL-terminated; an entry "LISTEN_PID="
                              * gets the new process' id */
    size_t fd_count;
    int fds[SUPERVISOR_FDS_MAX];     /* the caller's, which stay open there */
    int targets[SUPERVISOR_FDS_MAX]; /* their numbers in the child; 0 to 2 are /dev/null if absent
                                      */
    bool drop_user;                  /* as user nobody, if we are root */
};

/* Removes stale folders of runs that are over, makes this run's, forks the supervisor. */
bool supervisor_start(struct supervisor *s, char why[SUPERVISOR_WHY_MAX]);

/* The new process' id, or -1.  pidfd, unless NULL, gets a descriptor that becomes readable when the
 * process ends. */
pid_t supervisor_spawn(struct supervisor *s, const struct spawn_request *request, int *pidfd,
                       char why[SUPERVISOR_WHY_MAX]);

/* Whether a sweep would find nothing, looked up without asking the supervisor: its children are
 * those that stay, and no server has a child beside the known ones.  False also where /proc does
 * not say. */
bool supervisor_is_clean(const struct supervisor *s, const pid_t *known, size_t known_count);

/* Whether it has ended by itself: somebody killed it. */
bool supervisor_is_gone(const struct supervisor *s);

/* Kill what no kind above protects, until none is left.  False when something survives or the
 * supervisor is gone; *killed, unless NULL, counts processes. */
bool supervisor_sweep(struct supervisor *s, unsigned *killed);

/* Wait for a spawned process to end; timeout_ms < 0 waits for ever.  *status is that of waitpid().
 */
bool supervisor_wait(struct supervisor *s, pid_t pid, int timeout_ms, int *status);

/* Kill a spawned process of any kind, its descendants included unless they left it. */
bool supervisor_kill(struct supervisor *s, pid_t pid);

/* End everything, remove the folder, wait until the supervisor is gone. */
void supervisor_stop(struct supervisor *s);

#endif
