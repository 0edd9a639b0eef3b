/* SPDX-License-Identifier: Apache-2.0 */
/* What happened in one case, gathered from its events in the order in which they come.
 *
 * Calls and returns are kept whole; everything else is counted or remembered as a fact, so that a
 * case of many events stays small.  The record owns its arena; its plan and call nodes live there.
 */
#ifndef MDCTS_JUDGE_CASE_H
#define MDCTS_JUDGE_CASE_H

#include "plan.h"
#include "trace.h"

#define CALLS_MAX   1000000 /* per case */
#define BLOCKS_MAX  4000000 /* per case */
#define CHAINS_KEPT 32      /* chains of calls that many blocks may share */

enum cache_function { CACHE_ADD, CACHE_LOOKUP, CACHE_DELETE, CACHE_FUNCTIONS };

/* 0-based; CACHE_FUNCTIONS if the name is no cache callback's: "CspCacheAddFile". */
enum cache_function cache_function_find(const char *name);

/* What the case did to the card and its user before a call returned: which refusals it has caused.
 */
struct card_state {
    bool authenticated; /* the user, and nothing has undone it */
    bool wrong_pin, reset, removed, disturbed;
};

struct call_record {
    uint64_t order; /* 1 for the case's first call */
    const char *entry, *context;
    uint64_t step, iteration, host, thread;
    const struct node *args, *out; /* NULL until they came */
    bool returned;
    uint32_t status;
    struct card_state before;     /* when the call began */
    uint32_t events[EVENT_COUNT]; /* how many of each kind while it ran */
    uint32_t cache_calls[CACHE_FUNCTIONS];
    uint32_t selects;        /* SELECT by name */
    uint32_t other_callback; /* CspGetDHAgreement by the function that replaced ours */
    uint32_t answered;       /* what CspGetDHAgreement refused with, the first time; 0: it didn't */
    uint32_t begins, ends;   /* transactions of the driver's own */
    bool ended_callers;      /* it ended a transaction that it had not begun */
    uint64_t answer;         /* the index that CspGetDHAgreement answered last; UINT64_MAX: none */
};

struct block {
    uint64_t id, host, size;
    bool live, handed_out;
    const struct call_record *call; /* that allocated it; NULL: outside a call */
    const char *freed_by;           /* the entry point, or "the caller"; NULL: not freed */
    uint64_t freed_step;
    const char *frames, *freed_frames; /* who asked: "a+0x1 b+0x2"; NULL: unknown */
};

/* What the driver held when a step `ledger` looked. */
struct balance {
    uint64_t step, blocks, bytes;
};

struct agreement {
    const char *name; /* NULL: not bound */
    const struct call_record *call;
    uint64_t index;
    uint64_t ended; /* the order of the call that ended it; UINT64_MAX: none */
};

/* How the case came to an early end. */
struct ending {
    enum event_kind kind; /* EVENT_CRASH, _HANG, _EXIT or _KILLED; EVENT_END: it didn't */
    uint64_t step;
    const char *entry;       /* NULL: outside a call */
    const char *text;        /* "signal 11 SIGSEGV, read of address 0" */
    const char *requirement; /* that the place of the bad access tells; NULL: none */
};

struct fact {
    uint64_t step;
    const char *text;
    bool left_out; /* as its condition says */
};

struct case_record {
    struct arena arena;
    struct planned plan;
    struct call_record **calls;
    size_t call_count, call_capacity;
    struct block *blocks;
    size_t block_count, block_capacity;
    struct agreement *agreements;
    size_t agreement_count, agreement_capacity;
    struct balance *balances;
    size_t balance_count, balance_capacity;
    struct card_state state;
    struct ending ending;
    struct fact *not_run;
    size_t not_run_count, not_run_capacity;
    const char *broken;              /* the first fault of ours; NULL: none */
    const char *load_error;          /* the driver didn't load; NULL: it did */
    const char *chains[CHAINS_KEPT]; /* the latest ones */
    size_t chain_count;
    const char *printed[2]; /* to stdout and stderr; NULL: nothing */
    uint64_t host;          /* of the latest event: blocks are numbered by host */
    bool begun, ended;
    uint64_t round;      /* of a sweep; 0: the case has none */
    const char *trouble; /* the latest at a command: "sw 6F00"; NULL: none */
    const char *fault;   /* the one that the round made happen: "CspAlloc 3"; NULL: none */
    uint64_t us, callbacks;
};

/* Takes the plan of a case, a node in the record's own arena. False with a diagnostic. */
bool case_record_start(struct diags *diags, struct case_record *record, const struct node *plan);

/* Takes one event; the node may vanish afterwards. */
void case_record_feed(struct case_record *record, const struct event *event);

void case_record_free(struct case_record *record);

/* The call that is running in a host's thread; NULL: none. */
struct call_record *case_running_call(const struct case_record *record, const struct event *event);

/* The same, or the one that has just returned. */
struct call_record *case_latest_call(const struct case_record *record, const struct event *event);

/* The planned step with that 1-based number; NULL: there is none. */
const struct step *case_step(const struct case_record *record, uint64_t number);

/* The file that the step stands in; NULL if unknown. */
const char *case_step_file(const struct case_record *record, const struct step *step);

/* The block of that number; NULL if it is not known. */
struct block *case_block(const struct case_record *record, uint64_t id);

/* The agreement that the name meant when the call began; NULL: none. */
const struct agreement *case_agreement(const struct case_record *record,
                                       const struct call_record *when, const char *name);

/* The agreement with that index in the call's context that lived when the call began; NULL: none.
 */
const struct agreement *case_agreement_at(const struct case_record *record,
                                          const struct call_record *when, uint64_t index);

/* How many agreements lived in the call's context when it began. */
size_t case_agreements_live(const struct case_record *record, const struct call_record *when);

bool same_context(const char *a, const char *b);

/* Whether the case had caused this refusal (a missing PIN, a reset ...) when the call began. */
bool card_state_explains(const struct card_state *state, uint32_t status);

/* Whether a deliberate error makes a refusal of this step its purpose. */
bool step_provokes(const struct step *step);

#endif
