/* SPDX-License-Identifier: Apache-2.0 */
/* The runner's end of the link to hosts: starts them, says what they shall do, brings back what
 * happened.
 *
 * A host is a process that has loaded the driver.  It knows no argument structure: the runner lays
 * out memory images (objects), the host places them, patches pointers, calls, watches and reports.
 * Calls are in lock step; events come one way, in order, and are handed to the sink of the config
 * while a function of this module runs.  Everything a host sends is parsed as hostile bytes.  After
 * an outcome other than HOST_RETURNED or HOST_ABSENT the host is gone: link has already collected
 * its end, every function answers HOST_GONE, and only host_end() remains.
 *
 * One link per server, any number of hosts per link, one thread per link. */
#ifndef MDCTS_LINK_H
#define MDCTS_LINK_H

#include "base/bytes.h"
#include "base/node.h"

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum entry_point {
#define ENTRY_ROW(name, offset, version, args) ENTRY_##name,
#include "base/entry_points.def"
#undef ENTRY_ROW
    ENTRY_COUNT
};

struct entry_row {
    const char *name;
    uint16_t offset;  /* in CARD_DATA on x64; 0 = exported */
    uint8_t version;  /* of CARD_DATA that has it */
    const char *args; /* see entry_points.def */
};

extern const struct entry_row entry_rows[ENTRY_COUNT];

/* ENTRY_COUNT if there is no entry point of that name. */
enum entry_point entry_point_find(const char *name);

#define HOST_ARGS_MAX        10
#define HOST_OBJECTS_MAX     1088 /* PARAMETERS_MAX values, and the structures around them */
#define HOST_RELOCATIONS_MAX 1088 /* one for each */
#define HOST_FOLLOWS_MAX     64
#define HOST_ANSWERS_MAX     64
#define HOST_CONTEXTS_MAX    16
#define HOST_READERS_MAX     2
#define HOST_LANES_MAX       8
#define HOST_PARALLEL_MAX    256 /* calls of one host_parallel() */
#define HOST_PATCHES_MAX     4
#define HOST_MEMBERS_MAX     64
#define HOST_CARD_DATA_SIZE  504 /* CARD_DATA of version 7 on x64 */

/* ---- starting and ending ---- */

/* Runner and host take turns on one processor.  Where another one is idle, hosts are forked ahead
 * there, while the one before is at work, and those that leave nothing behind go there to end
 * unattended. */
struct link_cores {
    cpu_set_t work, aside;
};

#define LINK_PARTING_MAX 16 /* hosts that end unattended, at once */

struct link_config {
    int server_fd; /* SOCK_SEQPACKET to "mdcts-host --server"; -1: link starts one of its own */
    const char *host_path;  /* own server only: the program ... */
    const char *const *env; /* ... its environment, NULL-terminated */
    const char *tap_path;   /* own server only: our libpcsclite.so.1; NULL: none, no PC/SC tap */
    const char *pcsc_path;  /* own server only: the real library; NULL: the host looks for it */
    const char *const
        *wrap;       /* own server only: words in front of the program (valgrind); may be NULL */
    const char *cwd; /* own server only: working directory; NULL: the runner's */
    const struct link_cores *cores; /* copied; NULL: hosts stay where the server is */
};

struct link;
struct host;

/* NULL and a sentence in *error (in keep) when the server can't be started. */
struct link *link_open(const struct link_config *config, struct arena *keep, const char **error);
/* Hosts must have ended.  Closes server_fd, too; an own server ends with it. */
void link_close(struct link *link);
/* The children of the server that nobody need sweep: forked ahead, or ending unattended.  At most
 * LINK_PARTING_MAX + 1; returns how many. */
size_t link_own_children(struct link *link, pid_t *pids);
/* Whether the server of hosts has ended: there are no more hosts. */
bool link_is_gone(struct link *link);
/* Every child of the server was ended by a sweep. */
void link_swept(struct link *link);

/* How events come: a map with the keys of the trace ("e" first, then "s", "t", "q" and the kind's
 * own); c, i and h are the runner's to add.  Nodes live in arena.  content is the bytes a block
 * held when it was freed (event "free" only; to be searched, never stored). */
struct host_sink {
    struct arena *arena;
    void (*event)(void *data, struct node *event, struct bytes content);
    void *data;
};

/* Forks a host.  NULL if the server is gone.  sink is copied; host_set_sink() changes it between
 * calls. */
struct host *host_start(struct link *link, const struct host_sink *sink);
void host_set_sink(struct host *host, const struct host_sink *sink);
pid_t host_pid(const struct host *host);

enum host_outcome {
    HOST_RETURNED, /* done; the result is complete */
    HOST_ABSENT,   /* not called: the entry point is NULL, not loaded, or its context unknown */
    HOST_CRASHED,  /* died by a signal of its own: events crash or killed tell */
    HOST_EXITED,   /* the process ended by exit(): event exit */
    HOST_HUNG,     /* deadline passed, killed: event hang */
    HOST_LOST,     /* control channel closed or full of garbage; killed: event killed or exit */
    HOST_GONE,     /* had ended before */
    HOST_REFUSED   /* our own fault: the frame was too large or the host found it malformed */
};
const char *host_outcome_name(enum host_outcome outcome);

struct host_ended {
    bool clean;  /* by host_end(), exit code 0 */
    bool exited; /* else signal tells */
    int code;    /* exit code */
    int signal;
    uint64_t load_ns, pcsc_ns; /* of its life, spent in loading and in PC/SC calls of ours */
};

/* Disconnects (card reset when reset_card).  The process stays until host_end(), and knows until
 * then what lies where; it is asked for nothing else. */
void host_leave(struct host *host, bool reset_card, uint32_t timeout_ms);

/* Disconnects if host_leave() didn't, ends the process and waits for it, unless it ends unattended;
 * kills it when it doesn't end within timeout_ms.  Frees host.  Works on hosts that are gone. */
struct host_ended host_end(struct host *host, bool reset_card, uint32_t timeout_ms);
/* The same without asking: SIGKILL. */
struct host_ended host_kill(struct host *host);

/* dlopen and look-up of CardAcquireContext.  Event "load" {ok, error, export} tells; also in the
 * outcome's absence of loading: HOST_RETURNED with *loaded false. */
enum host_outcome host_load(struct host *host, const char *driver, uint32_t timeout_ms,
                            bool *loaded);
/* The same, together with the next request, for a driver that the server has loaded already. */
enum host_outcome host_load_later(struct host *host, const char *driver);

/* ---- PC/SC (through the real library, never through the tap) ---- */

struct host_card {
    uint32_t status; /* SCARD_* of the call that failed, 0 = connected; 0xFFFFFFFF: no library */
    uint8_t atr[36];
    size_t atr_len;
    uint64_t context, card; /* SCARDCONTEXT, SCARDHANDLE */
    uint32_t protocol;
};

/* number: of the connection, below HOST_READERS_MAX; contexts and card actions name it. */
enum host_outcome host_connect(struct host *host, uint32_t number, const char *reader,
                               uint32_t timeout_ms, struct host_card *out);

enum card_action {
    CARD_BEGIN_TRANSACTION,
    CARD_END_TRANSACTION, /* leaves the card as it is */
    CARD_RESET,           /* SCardReconnect with SCARD_RESET_CARD */
    CARD_RECONNECT, /* SCardReconnect with SCARD_LEAVE_CARD, after removal or somebody's reset */
    CARD_DISCONNECT,
    CARD_FOREIGN /* a connection of its own transmits apdu and disconnects, leaving the card */
};

/* Event "card" {action, ok, status} follows.  apdu and response: CARD_FOREIGN only, else empty. */
struct host_action {
    enum card_action action;
    uint32_t reader; /* number of its connection */
    struct bytes apdu;
    uint32_t step, timeout_ms;
};

enum host_outcome host_card(struct host *host, const struct host_action *action, uint32_t *status,
                            struct bytes *response);

/* ---- values: what a pointer-sized slot holds ---- */

enum host_value_kind {
    VALUE_NUMBER,   /* number as it is; 0 is NULL */
    VALUE_OBJECT,   /* address of objects[index] of the same call + number */
    VALUE_CONTEXT,  /* address of the CARD_DATA of context index + number */
    VALUE_BLOCK,    /* address of block index of the driver's heap + number */
    VALUE_CALLBACK, /* our function for callback index (enum host_callback); number: variant */
    VALUE_BAD       /* an address that faults */
};

struct host_value {
    enum host_value_kind kind;
    uint32_t index;
    uint64_t number;
};

enum host_callback {
    CALLBACK_CSP_ALLOC,
    CALLBACK_CSP_REALLOC,
    CALLBACK_CSP_FREE,
    CALLBACK_CSP_CACHE_ADD_FILE,
    CALLBACK_CSP_CACHE_LOOKUP_FILE,
    CALLBACK_CSP_CACHE_DELETE_FILE,
    CALLBACK_CSP_PAD_DATA,
    CALLBACK_CSP_UNPAD_DATA,
    CALLBACK_CSP_GET_DH_AGREEMENT,
    CALLBACK_COUNT
};

/* Variants of a callback: VARIANT_OTHER works as the normal one does but is another function, so
 * that its event ("variant": "other") shows which pointer the driver used. */
enum host_variant { VARIANT_NORMAL, VARIANT_OTHER };

/* Where a call waits for others that run side by side with it; see host/meeting.h. */
enum host_meeting {
    MEET_NOWHERE,
    MEET_ALLOC,
    MEET_FREE,
    MEET_GET_DH_AGREEMENT,
    MEET_TRANSMIT,
    MEET_RETURN
};

/* ---- contexts: CARD_DATA structures, owned by the host ---- */

struct host_member {
    uint16_t offset;         /* in CARD_DATA */
    uint8_t width;           /* 1, 2, 4 or 8 bytes */
    struct host_value value; /* VALUE_OBJECT: bytes[index] of this member's context, see below */
};

struct host_context {
    uint32_t version; /* requested: goes into dwVersion */
    uint32_t
        size; /* 0: size of version 7 with canary behind; else an inaccessible page at this size */
    uint32_t visible;      /* canary, not memory, behind this many bytes when size is 0; 0: 504 */
    const char *card_name; /* UTF-8; NULL: "MDCTS" */
    struct bytes atr;      /* data NULL: the connected card's */
    bool no_card;          /* handles 0, ATR NULL */
    uint32_t reader;       /* the connection that its card is from */
    /* Exceptions from the defaults (callbacks ours, cache callbacks NULL until
     * host_context_after_acquire(), driver-set members 0). */
    const struct host_member *members;
    size_t member_count;
    const struct bytes
        *bytes; /* placed in writable memory before an inaccessible page, for the context's life */
    size_t byte_count;
};

/* Makes or remakes context id (0 .. HOST_CONTEXTS_MAX-1), together with the next request, which is
 * HOST_REFUSED if that can't be. */
enum host_outcome host_context_new(struct host *host, uint32_t id, const struct host_context *spec);
/* Sets members of a living context: what a caller does between calls. */
enum host_outcome host_context_set(struct host *host, uint32_t id,
                                   const struct host_member *members, size_t count);
/* Sets the three cache callbacks and pvCacheContext, as the caller does after a successful acquire.
 */
enum host_outcome host_context_after_acquire(struct host *host, uint32_t id);
/* Makes the structure inaccessible; any later touch of it crashes and is named. */
enum host_outcome host_context_drop(struct host *host, uint32_t id);

/* ---- calls ---- */

enum host_placement {
    PLACE_END_AT_GUARD,     /* writable, ends at an inaccessible page; canary in front */
    PLACE_READ_ONLY,        /* the same, read-only */
    PLACE_START_AFTER_GUARD /* writable, starts behind an inaccessible page; canary behind */
};

struct host_object {
    const char *name;   /* for crash events: {"input": name, "offset": n} */
    struct bytes bytes; /* the image; may be shorter than size, the rest is zero */
    size_t size;        /* 0: bytes.len */
    enum host_placement placement;
    bool secret; /* a PIN: never in any answer, wiped everywhere after the call */
    bool whole;  /* after-image wanted even if unchanged */
};

struct host_relocation {
    uint32_t object, offset; /* where: 8 bytes */
    struct host_value value;
};

/* Bytes behind a pointer that the driver may have set; read after the call, safely. */
struct host_follow {
    uint32_t object, offset; /* where the pointer is */
    enum { FOLLOW_FIXED, FOLLOW_FROM, FOLLOW_NUL8, FOLLOW_NUL16 } length;
    uint32_t fixed;                    /* FOLLOW_FIXED: bytes; FOLLOW_NUL*: most bytes (0: 4096) */
    uint32_t from_object, from_offset; /* FOLLOW_FROM: where the length is, */
    uint8_t from_width;                /* 4 or 8 bytes */
};

/* One secret handle parameter of the call and what CspGetDHAgreement answers for it.  Of several
 * that match, the first not used yet answers, else the last.  A handle that matches none is
 * answered with SCARD_E_INVALID_PARAMETER and nothing written. */
struct host_answer {
    const char *name;        /* the handle's name in the case */
    uint64_t handle;         /* pvBuffer */
    uint32_t object, offset; /* the BCryptBuffer itself; object UINT32_MAX: not in the list */
    uint32_t parameter;      /* its place in the list; UINT32_MAX: not in the list */
    uint8_t index;
    uint32_t status;   /* returned */
    bool write;        /* write index */
    uint32_t delay_ms; /* waited before it returns */
    uint32_t
        calls_back; /* CardDestroyDHAgreement is called first, of the index one below; 0: not */
};

struct host_fault {
    uint32_t nth; /* 0: none; 1: the first of this call */
    bool from_then_on;
};

/* What the tap does to a command of the driver's. */
enum host_trouble {
    HOST_TROUBLE_RETURN,   /* answers value, an SCARD_* code, and the card sees nothing */
    HOST_TROUBLE_STATUS,   /* answers the status word value, and the card sees nothing */
    HOST_TROUBLE_CUT,      /* leaves value bytes of the answer */
    HOST_TROUBLE_SHORT,    /* leaves value bytes of its data, and the status word */
    HOST_TROUBLE_DELAY,    /* waits value ms first */
    HOST_TROUBLE_PREVIOUS, /* answers as the command before was, and the card sees nothing */
};

/* Where a number is in a call: width bytes of an object, or an argument. */
struct host_place {
    uint32_t object; /* HOST_ARGUMENT: it is an argument */
    uint32_t offset; /* in the object, or the argument's number */
    uint32_t width;  /* 1, 2, 4 or 8 */
};
#define HOST_ARGUMENT UINT32_MAX

/* A number that an earlier call of the same script keeps, written before this call is made. Without
 * it, since the earlier call failed or was not made, this one isn't made either. */
struct host_patch {
    uint32_t call; /* which one: its place in struct host_parallel */
    struct host_place to;
};

struct host_call {
    enum entry_point entry;
    uint32_t table;   /* context whose pointer is called */
    uint32_t current; /* context whose CARD_DATA CspGetDHAgreement should see ("same") */
    uint32_t step;
    uint32_t timeout_ms;
    bool transaction;   /* hold one around the call, if connected and none is held */
    bool cache_after;   /* host_context_after_acquire() of `current` if the call succeeds */
    bool free_returned; /* the caller frees each block that a follow's pointer leads to, once the
                           result is taken: host_await_freed() must be called then */
    const struct host_value *args;
    size_t arg_count;
    const struct host_object *objects;
    size_t object_count;
    const struct host_relocation *relocations;
    size_t relocation_count;
    const struct host_follow *follows;
    size_t follow_count;
    const struct host_answer *answers;
    size_t answer_count;
    struct host_fault alloc, realloc; /* of CspAlloc and CspReAlloc */
    struct host_fault heap;           /* of libc's allocator, as far as the driver calls it */
    struct host_fault pcsc;           /* of SCardTransmit, where the tap sees it: */
    enum host_trouble pcsc_trouble;   /* what happens, */
    uint32_t pcsc_value;              /* and its number */
    /* Of host_parallel() only. */
    uint32_t lane;          /* its script, 1 to HOST_LANES_MAX */
    enum host_meeting meet; /* where it waits for the other scripts */
    struct host_place keep; /* width 0: nothing.  Kept if the call succeeds */
    const struct host_patch *patches;
    size_t patch_count;
};

enum host_pointer_kind {
    POINTER_NULL,
    POINTER_BLOCK,
    POINTER_OBJECT,
    POINTER_CONTEXT,
    POINTER_WILD
};

struct host_pointer {
    enum host_pointer_kind kind;
    uint32_t index; /* block number, object index or context id */
    int64_t offset; /* in it; negative or beyond its size when the pointer is in its guards */
    bool live;      /* blocks: not freed */
    uint64_t size;  /* of the block or object */
    uint64_t address;
};

struct host_followed {
    struct host_pointer pointer;
    bool readable;      /* all of the bytes */
    uint64_t wanted;    /* the length that was asked for; bytes has at most 4 MiB of it */
    struct bytes bytes; /* in the sink's arena */
};

struct host_change {
    uint32_t index;     /* object or context */
    int64_t offset;     /* negative: in front of it; >= its size: behind */
    struct bytes after; /* what is there now; data NULL and len set for secret objects */
};

struct host_result {
    enum host_outcome outcome;
    uint32_t status;      /* the driver's return value */
    uint64_t duration_ns; /* of the call alone */
    uint32_t
        transaction_status; /* of SCardBeginTransaction, or of SCardEndTransaction if that failed */
    const struct host_change *objects; /* ranges that differ */
    size_t object_count;
    const struct host_change *contexts; /* ranges of every context's CARD_DATA that differ */
    size_t context_count;
    const struct bytes *images; /* per object: the whole after-image if "whole", else empty */
    size_t image_count;
    struct bytes card_data; /* CARD_DATA of call.current after the call, its visible part */
    const struct host_followed *follows;
    size_t follow_count;
    uint32_t allocs,
        reallocs; /* calls of CspAlloc, CspReAlloc during the call: did the fault fire? */
    bool alloc_fault_fired, realloc_fault_fired;
    uint32_t blocks_live; /* blocks not freed */
    uint32_t heap_uses;   /* of libc's allocator by the driver, during the call */
};

/* Results live in the sink's arena. */
enum host_outcome host_call(struct host *host, const struct host_call *call,
                            struct host_result *out);

/* Scripts that run side by side: the calls of a lane one after the other, on a thread of their own,
 * and all lanes at the same time.  The functions are told of each call when it begins and when it
 * has returned, in the order in which the host says so; a call that isn't made since what it wants
 * of an earlier one is missing begins not, and its outcome is HOST_ABSENT.  Each call that returns
 * gives the others timeout_ms more. */
struct host_parallel {
    const struct host_call *calls;
    size_t count;
    uint32_t timeout_ms;
    void (*entered)(void *data, size_t call);
    void (*returned)(void *data, size_t call, const struct host_result *result);
    void *data;
};

/* Events of the host's end (hang ...) are charged to the first call that has not returned. */
enum host_outcome host_parallel(struct host *host, const struct host_parallel *block);

/* The calls that follow are made by that thread of the host's, 1 to 8; 0: by the one that serves
 * us.
 */
enum host_outcome host_thread(struct host *host, uint32_t number);

/* After a call with free_returned that was HOST_RETURNED, before any other request: hands out the
 * events free {.., "caller": true} of the blocks that were freed.  Nothing to do after others. */
enum host_outcome host_await_freed(struct host *host);

/* The caller frees a block that the driver returned: the same event. */
enum host_outcome host_free(struct host *host, uint32_t block, uint32_t step);

/* Reads the host's memory from inside; fewer bytes when the rest can't be read. */
enum host_outcome host_peek(struct host *host, uint64_t address, size_t len, struct bytes *out);

/* Memory of the host's own through which secrets pass: buffers, its variables and those of the
 * PC/SC library.  It is the same in all hosts of a server, so only the first one is asked. */
struct host_range {
    uint64_t start, end;
};
#define HOST_OWN_RANGES_MAX 16
struct host_ranges {
    struct host_range rows[HOST_OWN_RANGES_MAX];
    size_t count;
};
enum host_outcome host_own(struct host *host, const struct host_ranges **out);

/* What lies at an address: *block is that of the driver's heap, 0: none; *name what else is known
 * (a cache file), or NULL. */
enum host_outcome host_place(struct host *host, uint64_t address, uint32_t *block,
                             const char **name);

/* Paths of objects mapped into the host, one node string each; only those whose file name contains
 * part. */
enum host_outcome host_maps(struct host *host, const char *part, struct node **out);

#endif
