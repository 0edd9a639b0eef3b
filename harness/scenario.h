/* SPDX-License-Identifier: Apache-2.0 */
/* The typed model of the case language: suites, fixtures, cases, steps and expectations.
 *
 * One reader serves YAML and traces: a suite file gives cases whose steps still hold $variables;
 * the plan replaces them, and scenario_read_step() reads the result, whether it comes from the plan
 * or, later, from a trace line.  Bad input is a diagnostic, never an assertion.  Everything lives
 * in the arena given and borrows from the nodes that were read; nothing is modified after reading.
 * The language's manual is cases/README.md; the tables in scenario_step.c and scenario_expect.c are
 * what the reader goes by. */
#ifndef MDCTS_SCENARIO_H
#define MDCTS_SCENARIO_H

#include "requirement.h"
#include "scenario_value.h"

#define STEPS_MAX        256 /* steps of a case or a fixture */
#define STEP_REPEAT_MAX  100000
#define TIMEOUT_MS_MAX   3600000
#define EXPECTATIONS_MAX 32
#define ANSWERS_MAX      64 /* answers of a scripted callback */
#define STEP_THREADS_MAX 8
#define STEP_READERS_MAX 2
#define CONTEXT_DEFAULT  "main"

/* ---- steps ---- */

enum step_op {
    STEP_ACQUIRE,
    STEP_DELETE_CONTEXT,
    STEP_AUTHENTICATE,
    STEP_DEAUTHENTICATE,
    STEP_CONSTRUCT,
    STEP_DERIVE,
    STEP_DESTROY,
    STEP_DESTROY_KEY,
    STEP_CONTAINER_INFO,
    STEP_QUERY_KEY_SIZES,
    STEP_CAPABILITIES,
    STEP_GET_PROPERTY,
    STEP_CONTAINER_PROPERTY,
    STEP_READ_FILE,
    STEP_CALL,
    STEP_BEGIN_TRANSACTION,
    STEP_END_TRANSACTION,
    STEP_RESET,
    STEP_REMOVE,
    STEP_INSERT,
    STEP_RECONNECT,
    STEP_FOREIGN,
    STEP_RELATE,
    STEP_LEDGER,
    STEP_SET_CARD_DATA,
};

/* What one CspGetDHAgreement call is answered, by handle name. */
struct callback_answer {
    const char *handle;         /* h1 ... */
    struct agreement_ref index; /* what is written: an agreement's index or a number */
    uint32_t status;            /* what is returned */
    bool write;                 /* whether anything is written */
    uint32_t delay_ms;          /* waited before it returns */
    bool calls_back;            /* into the driver */
};

/* callbacks: of a step. */
struct callback_script {
    struct callback_answer *answers;
    size_t answer_count;
    uint32_t alloc_fail;      /* the n-th pfnCspAlloc of the call fails; 0: none */
    uint32_t alloc_fail_from; /* the n-th and all later ones fail; 0: none */
};

/* What happens to a command on its way to the card or back. */
enum trouble_kind {
    TROUBLE_NONE,
    TROUBLE_RETURN,   /* PC/SC only: SCardTransmit answers value, an SCARD_* code */
    TROUBLE_STATUS,   /* status word value instead of an answer */
    TROUBLE_CUT,      /* value bytes of the answer */
    TROUBLE_SHORT,    /* value bytes of its data and the status word */
    TROUBLE_DELAY,    /* value ms */
    TROUBLE_PREVIOUS, /* PC/SC only: the answer of the command before */
    TROUBLE_REMOVE,   /* the card leaves */
    TROUBLE_RESET,    /* the card loses its power for a moment */
    TROUBLE_PARTS,    /* an answer in parts of value bytes */
};

/* card: of a step (the virtual card's doing) and pcsc: (the tap's): at the n-th command of the
 * call.
 */
struct trouble {
    enum trouble_kind kind;
    uint32_t value;
    const char *what; /* "sw 6F00": for the trace, and for card_control_fault() */
    uint32_t at;      /* 1: the first; 0: each */
};

/* sweep: of a step: the case is played anew for each place that the fault can have in this call. */
enum sweep_fault {
    SWEEP_CSP_ALLOC,   /* pfnCspAlloc answers NULL */
    SWEEP_CSP_REALLOC, /* pfnCspReAlloc answers NULL */
    SWEEP_MALLOC,      /* malloc, calloc, realloc and their like of the driver answer NULL */
    SWEEP_CARD,        /* the virtual card makes trouble at a command */
    SWEEP_PCSC,        /* the tap does */
};
#define SWEEP_FAULTS       (SWEEP_PCSC + 1)
#define SWEEP_TROUBLES_MAX 512

struct sweep {
    enum sweep_fault faults[SWEEP_FAULTS]; /* one after the other */
    size_t fault_count;                    /* 0: the step is not swept */
    bool from_then_on;                     /* not one allocation but it and all later ones */
    struct trouble *troubles; /* SWEEP_CARD or SWEEP_PCSC: each in turn; `at` is the sweep's */
    size_t trouble_count;
};

/* "CspAlloc"; NULL where it is not an allocator that fails. */
extern const char *const sweep_fault_words[SWEEP_FAULTS];

enum return_rule {
    RETURN_UNSAID,
    RETURN_CODES,
    RETURN_PER_REQUIREMENT,
    RETURN_SUCCESS,
    RETURN_FAILURE,
    RETURN_ANY,
};

enum key_rule { KEY_UNSAID, KEY_ORACLE, KEY_NONE, KEY_LENGTH };

/* A reading of the derivation that differs from the step's own arguments; NULL: as in the step.
 * `parameters: null` and `empty` are nodes too. */
struct key_reading {
    const struct node *kdf, *flags, *parameters;
};

struct key_expectation {
    enum key_rule rule;
    uint64_t length_bytes;                 /* KEY_LENGTH */
    struct key_reading *accepted, *warned; /* KEY_ORACLE; accepted has at least one entry */
    size_t accepted_count, warned_count;
};

enum output_rule { OUTPUT_EQUALS, OUTPUT_IS_NULL, OUTPUT_NOT_NULL, OUTPUT_UNCHANGED, OUTPUT_RANGE };

/* A count or number that is bounded. at_most is UINT64_MAX where unsaid. */
struct range {
    uint64_t at_least, at_most;
};

struct output_expectation {
    const char *name; /* member by its Cardmod.h name */
    struct source_pos at;
    enum output_rule rule;
    const struct node *value; /* OUTPUT_EQUALS: a scalar */
    struct range range;       /* OUTPUT_RANGE */
    const struct node *in;    /* OUTPUT_RANGE: list of allowed scalars, or NULL */
    uint64_t multiple_of;     /* OUTPUT_RANGE: 0 where unsaid */
};

struct calls_expectation {
    const char *callback; /* "CspGetDHAgreement" */
    bool other;           /* only of the function that set_card_data put in its place */
    struct range count;
};

enum entry_points_rule {
    ENTRY_POINTS_UNSAID,
    ENTRY_POINTS_COMPLETE,
    ENTRY_POINTS_DH_CONSISTENT,
    ENTRY_POINTS_DH_NULL,
    ENTRY_POINTS_DH_PRESENT,
    ENTRY_POINTS_RSA_NULL,
};

struct expectation {
    struct source_pos at;
    const char *requirement; /* `for`; NULL: the case's own */
    enum return_rule returns;
    const uint32_t *codes; /* RETURN_CODES */
    size_t code_count;
    const uint32_t *warn_codes; /* `warn`: these are tolerated */
    size_t warn_count;
    bool output_of_success; /* outputs are looked at only where the call succeeded */
    enum outcome worst;     /* how bad a deviation is at most, a wrong key aside; PASS: unsaid */
    struct key_expectation key;
    struct output_expectation *outputs;
    size_t output_count;
    struct calls_expectation *calls;
    size_t call_count;
    bool has_apdus, has_selects;
    struct range apdus, selects;
    enum entry_points_rule entry_points;
    bool public_key_valid;
    bool index_distinct;
    bool container_map_fits;
    bool container_agrees;
};

struct step {
    enum step_op op;
    const char *op_name;
    struct source_pos at;
    uint32_t line;           /* of the YAML file, also when read from a trace */
    const struct node *node; /* the whole step */
    const struct node *args; /* the operation's arguments: a map, or an empty scalar */
    const struct node *raw;  /* NULL or a map of members, see raw_value_read() */
    const char *context;     /* "main" by default */
    uint32_t repeat;         /* 1 by default; of the steps of a block, the block's */
    uint32_t block;          /* so many steps from this one on are repeated together; 0: no block */
    bool beside;             /* in a block `parallel`, in the script with its thread's number */
    const char *meet;        /* where its call waits for those of other scripts; NULL: nowhere */
    uint32_t timeout_ms;     /* 0: the reader's own */
    bool transaction;        /* true by default */
    uint32_t thread;         /* of the process: 0 by default, or 1 to STEP_THREADS_MAX */
    const char *condition;   /* played only if this name is bound, or unless it is; NULL: always */
    bool unless;
    struct callback_script callbacks;
    struct trouble card, pcsc; /* TROUBLE_NONE: none */
    struct sweep sweep;
    struct expectation *expects;
    size_t expect_count;
};

/* Reads an expanded step.  Variables left over ($x where no bound name may stand) are errors. */
bool scenario_read_step(struct diags *diags, struct arena *keep, const struct node *node,
                        struct step *out);

/* The argument's node, or NULL where it wasn't given. */
const struct node *step_arg(const struct step *step, const char *name);
const char *step_arg_text(const struct step *step, const char *name, const char *fallback);
uint64_t step_arg_uint(const struct step *step, const char *name, uint64_t fallback);
bool step_arg_bool(const struct step *step, const char *name, bool fallback);
/* Whether the step is played more than once, alone or in a block: then a name that it binds stands,
 * in other repeated steps, for what the repetition of the same number bound. */
bool step_is_repeated(const struct step *step);
/* The name that the step binds with `as`; acquire binds "main" by default; NULL: none. */
const char *step_binds(const struct step *step);
/* What `agreement` (or `index`) of derive and destroy names.  False if neither was given. */
bool step_agreement(const struct step *step, struct agreement_ref *out);
/* Flags of the step; 0 where not given. */
uint32_t step_flags(const struct step *step);
/* Typed arguments of construct, container_info, derive; defaults where nothing was given. */
/* The curve of `any` is one of those that the capabilities tell of; NULL: of none. */
struct container_spec step_container(const struct step *step, const struct node *capabilities);
/* Whether a container of that row in the capabilities is meant; nth is the caller's to count. */
bool container_fits(const struct node *row, const struct container_spec *spec);
struct peer_spec step_peer(const struct step *step);
struct kdf_spec step_kdf(const struct step *step);
const char *step_algorithm(const struct step *step); /* pwszAlgId; NULL: none is sent */
struct output_spec step_output(const struct step *step);
/* The parameter list of derive, its values converted to bytes in keep. */
struct parameter_list step_parameters(struct arena *keep, const struct step *step);

/* Whether the step is CardConstructDHAgreement, CardDeriveKey or CardDestroyDHAgreement. */
bool step_is_dh(const struct step *step);
/* Whether the step is swept by that fault. */
bool step_is_swept_by(const struct step *step, enum sweep_fault fault);
/* The step that is swept: its 0-based place; count if there is none. */
size_t steps_swept(const struct step *steps, size_t count);
/* Whether the step says anything that can fail a case. */
bool step_asserts(const struct step *step);
const char *step_op_name(enum step_op op);
/* The entry point that a step calls; NULL for steps that are no call (relate, reset ...). */
const char *step_entry(const struct step *step);

/* ---- suites, before expansion ---- */

/* The steps of {repeat: N, steps: [...]}; NULL for another item. */
const struct node *block_steps(const struct node *item);
/* The scripts of {parallel: [[...], ...]}; NULL for another item. */
const struct node *block_scripts(const struct node *item);
/* Calls visit for every step of a list, those of blocks among them, in their order. */
void steps_visit(const struct node *list, void (*visit)(void *data, const struct node *step),
                 void *data);
/* Whether a block is well made; fine for a step. */
bool block_check(struct diags *diags, const struct node *item);
/* Whether the expanded steps of the block that begins at steps[first] may run side by side. */
bool parallel_check(struct diags *diags, const struct step *steps, size_t count, size_t first);
/* How many steps a list has, those of blocks counted singly. */
size_t steps_count(const struct node *list);
/* Whether it is a list of not too many steps, whose blocks are well made. */
bool steps_are_readable(const struct node *list);

struct fixture {
    const char *name;
    struct source_pos at;
    const struct node *requires; /* NULL or map */
    const struct node *steps;    /* list */
};

enum case_allow {
    ALLOW_PIN_COUNTER = 1,
    ALLOW_WRITE = 2,
    ALLOW_ATTACK_POINTS = 4,
    ALLOW_STRESS = 8,
    ALLOW_ADMIN = 16,
    ALLOW_ALL = 31,
};

struct scenario_case {
    const char *id;
    struct source_pos at; /* of the id: what a finding points at when it has no step */
    const char *about;
    const char *requirement;
    struct source_pos requirement_at;
    const struct node *matrix;     /* NULL or map; see matrix.h */
    const struct node *requires;   /* NULL or map */
    const struct fixture *fixture; /* NULL: none */
    const struct node *steps;      /* list */
    unsigned allow;                /* of enum case_allow */
    uint32_t timeout_ms;           /* 0: none given */
    const struct node *tags;       /* NULL or list */
    const struct suite *suite;
};

struct suite {
    const char *file, *name, *about;
    struct fixture *fixtures;
    size_t fixture_count;
    struct scenario_case *cases;
    size_t case_count;
};

struct scenario {
    struct suite **suites;
    size_t suite_count, suite_capacity;
    struct requirements requirements;
};

/* Adds what a document says.  Its requirements go to scenario->requirements; fixtures are resolved
 * by scenario_check(), since a file read later may bring them. */
bool scenario_add_suite(struct diags *diags, struct arena *keep, const struct node *doc,
                        const char *file, struct scenario *scenario);

/* Resolves fixtures, then checks what needs more than one file or the expanded steps: requirement
 * and case ids, references, matrices, and that each case asserts something. */
bool scenario_check(struct diags *diags, struct arena *keep, struct scenario *scenario);

/* "write" <-> ALLOW_WRITE; 0 for an unknown name. */
unsigned case_allow_from_name(const char *name);
const char *case_allow_name(unsigned one);

/* How many readers the case's steps name, before its matrix is multiplied out. */
uint32_t scenario_case_readers(const struct scenario_case *c);

/* NULL if there is none. */
const struct scenario_case *scenario_find_case(const struct scenario *scenario, const char *id);

#endif
