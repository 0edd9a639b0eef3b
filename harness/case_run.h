/* SPDX-License-Identifier: Apache-2.0 */
/* Plays the steps of one case in one host and records what happens; it has no opinion about any of
 * it.
 *
 * A case_run owns its host from case_run_begin() to case_run_end(), and everything in its arena.
 * What it does and sees becomes events, handed to the environment's sink in order.  A step whose
 * needs are not met (an agreement that was never made, an entry point that is NULL) is recorded as
 * not run. */
#ifndef MDCTS_CASE_RUN_H
#define MDCTS_CASE_RUN_H

#include "card_secret.h"
#include "link.h"
#include "peer.h"
#include "plan.h"

#define CONTEXTS_MAX        8
#define BINDINGS_MAX        65536
#define PROCESSES_MAX       4
#define CASE_END_TIMEOUT_MS 5000
#define KEYS_KEPT           16
#define FREED_MAX           64 /* freed blocks of one call that are searched */

struct card_control;

/* Where hosts come from; one for all copies of an environment, since a server that a driver has
 * ended gets a successor. */
struct run_hosts {
    struct link *link;
    bool preloaded; /* link's server has loaded the driver: loading it can't fail any more */
};

/* What cases share.  Borrowed by every case_run; lives as long as the run. */
struct run_environment {
    struct run_hosts *hosts;
    /* Puts another link in the place of one that starts no hosts any more, which a driver can bring
     * about; NULL, or false: there is none.  No host of the old one may be left. */
    bool (*renew_link)(void *data);
    void *renew_data;
    const char *driver;         /* absolute path */
    const char *const *readers; /* PC/SC names; the first is the default */
    size_t reader_count;
    struct card_control *cards[HOST_READERS_MAX]; /* of the virtual readers; NULL on others */
    const struct node *capabilities;              /* as in the trace; NULL while probing */
    struct card_secrets *secrets;                 /* notes which PINs are proven or refused */
    const char *card_name;                        /* pwszCardName; NULL: the host's default */
    struct bytes seed;
    const struct node *logs; /* of the driver's: list of globs; NULL: none */
    bool exhaustive;         /* sweeps go to their ends */
    struct peer_cache *peers;
    struct aside *aside; /* does what need not be waited for; NULL: everything is waited for */
    uint32_t call_timeout_ms;
    /* What the run stands on and has ended by itself, as a sentence; NULL: all is well. */
    const char *(*lost)(void *data);
    void *lost_data;
    void (*emit)(void *data, struct arena *arena, struct node *event);
    void *emit_data;
};

/* What a name bound by `as` stands for. */
struct binding {
    const char *name;
    bool repeated; /* by a repeated step, in that iteration */
    uint32_t iteration;
    uint32_t context;
    uint8_t index; /* agreements */
    bool has_peer;
    struct peer_key peer;    /* agreements, if has_peer */
    struct bytes card_point; /* agreements: the card's key; data NULL: not known */
    struct bytes secret;     /* Z, in z; data NULL: not computed yet; see freed_search_secret() */
    uint8_t z[CURVE_FIELD_BYTES_MAX];
    bool begun;          /* computing Z, beside the runner */
    bool ended;          /* agreements: destroyed, or the context is deleted */
    bool told;           /* agreements: a derived key was Z itself */
    uint64_t key_handle; /* keys */
};

struct run_context {
    const char *name;
    uint32_t version; /* agreed on */
    uint32_t process; /* it lives in */
    uint32_t reader;  /* 0-based: where its card is */
    bool made;        /* CARD_DATA exists */
    bool acquired;    /* and CardAcquireContext succeeded */
    uint64_t vendor;  /* pvVendorSpecific */
};

/* See case_process.h. */
struct run_process {
    const char *name; /* NULL: the first one */
    struct host *host;
    bool connected[HOST_READERS_MAX];
};

/* What a block held when the driver gave it back. */
struct freed_block {
    uint64_t block, thread;
    struct bytes content;
};

/* The fault of a sweep's round. */
struct round {
    uint32_t number; /* 1-based; 0: the case is not swept */
    uint32_t nth;    /* 1-based: allocation or command */
    enum sweep_fault fault;
    bool from_then_on;
    const struct trouble *trouble; /* SWEEP_CARD */
    bool fired;                    /* set when it happened */
    uint32_t heap_uses;            /* set: how often the swept call used malloc */
    uint32_t hangs;                /* counted, of all rounds */
};

struct case_run {
    const struct run_environment *env;
    struct arena *arena; /* for what a step needs: repetitions give it back */
    struct arena keep;   /* for what later steps need; empty after case_run_end() */
    const char *id;
    uint64_t n;
    struct host *host;                /* of the process that has been entered */
    bool connected[HOST_READERS_MAX]; /* that process */
    bool restored[HOST_READERS_MAX];  /* the card there is as it was at the start of the run */
    uint32_t process;                 /* the one that has been entered */
    struct run_process processes[PROCESSES_MAX];
    size_t process_count; /* 0 until a second one is wanted */
    const struct step
        *steps; /* the planned ones, of which `step` is a 1-based number; NULL: none */
    size_t step_count;
    uint32_t step, iteration, thread;
    struct parallel *parallel; /* the block whose calls are being prepared; NULL: none */
    bool repeating;            /* the step that is played is a repeated one */
    uint32_t peer_count;
    uint32_t timeout_ms; /* the case's own; 0: the environment's */
    /* Spent in restoring the card, loading, the driver, our own PC/SC calls. */
    uint64_t restore_ns, load_ns, calls_ns, pcsc_ns;
    struct run_context contexts[CONTEXTS_MAX];
    size_t context_count;
    struct binding **bindings; /* BINDINGS_MAX at most; what they point to stays where it is */
    size_t binding_count, binding_capacity;
    struct freed_block freed[FREED_MAX]; /* by the driver, in the call that runs */
    size_t freed_count;
    struct round *round;          /* NULL: the case is not swept */
    struct bytes keys[KEYS_KEPT]; /* derived last, for who looks for them in files */
    size_t key_count;
    uint32_t searches;     /* of the host's memory, so far */
    struct search *search; /* the next one, residue.h; NULL: none is due */
    uint32_t pins_given;   /* bit 1 << role: that PIN went to the driver */
    bool pin_refused;      /* the last one of the call that runs, by the card: the tap saw it */
};

/* What a step did, for callers that need it before a judge does (probing, `mdcts derive`). */
struct step_result {
    bool ran;        /* the entry point was called and returned */
    const char *why; /* !ran: the reason */
    uint32_t status;
    struct node *out; /* as in event "return" */
    uint64_t duration_ns;
};

/* Starts a host, loads the driver, connects to the reader; round may be NULL.  NULL if there can be
 * no host; a driver that doesn't load leaves a run whose steps are not run.  The events say so. */
struct case_run *case_run_begin(const struct run_environment *env, struct arena *arena, uint64_t n,
                                const char *id, struct round *round);

/* number is 1-based; all repetitions; the result is the last one's. */
struct step_result case_run_step(struct case_run *run, const struct step *step, uint32_t number);

/* All steps, blocks among them. */
void case_run_steps(struct case_run *run, const struct step *steps, size_t count);

/* Deletes the contexts that are left, unless a host is gone, and ends the host. */
void case_run_end(struct case_run *run);

/* All of it, or one round of its sweep.  False if no host could be had. */
bool case_run_planned(const struct run_environment *env, struct arena *arena,
                      const struct planned *planned, struct round *round);

/* ---- for the modules that play steps ---- */

/* A host with the driver and a card connection; false if there can be none. */
bool case_start_host(struct case_run *run);

/* Connects the process that has been entered to that reader, unless it is; false if it can't be. */
bool case_connect(struct case_run *run, uint32_t reader);

struct node *case_event(struct case_run *run, const char *kind);
void case_emit(struct case_run *run, struct node *event);
uint32_t case_timeout_ms(const struct case_run *run, const struct step *step);
struct run_context *case_context(struct case_run *run, const char *name);
struct binding *case_binding(struct case_run *run, const char *name);
struct binding *case_bind(struct case_run *run, const char *name);

#endif
