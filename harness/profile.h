/* SPDX-License-Identifier: Apache-2.0 */
/* A driver profile: how to reach the driver under test, its card and its PINs, what it declares,
 * and which findings its owner has waived.  No secret is ever in a profile, only where to find it.
 */
#ifndef MDCTS_PROFILE_H
#define MDCTS_PROFILE_H

#include "requirement.h"

#define PROFILE_PINS_MAX    16
#define PROFILE_WAIVERS_MAX 1000

enum pin_source { PIN_FROM_ENV, PIN_FROM_FD, PIN_FROM_PROMPT, PIN_FROM_PAD, PIN_NONE };
/* How often a key of this PIN's asks for it.  The virtual card does as its user's PIN says. */
enum pin_policy { PIN_ONCE, PIN_ALWAYS, PIN_NEVER };

struct profile_pin {
    const char *role; /* "user", "admin", "3" ... */
    enum pin_source source;
    const char *variable; /* PIN_FROM_ENV */
    int fd;               /* PIN_FROM_FD */
    enum pin_policy policy;
    bool touch;
    struct source_pos at;
};

/* What is tolerated, by whom, and until when. */
struct profile_waiver {
    const char *requirement; /* "R105" or NULL */
    bool has_code;           /* with requirement: only where this code was observed */
    uint32_t code;
    const char *cases; /* glob of case ids, or NULL: every case */
    const char *reason, *owner, *link;
    const char *expires;     /* YYYY-MM-DD or NULL */
    const char *driver_hash; /* SHA-256 in hex or NULL: every build */
    struct source_pos at;
};

struct profile {
    const char *file;
    const char *driver_path, *driver_cwd;
    const struct node *driver_env;                  /* NULL or a map of strings */
    const struct node *driver_config, *driver_logs; /* NULL or lists of paths and globs */
    const char *driver_setup;
    const char *abi;       /* "sysv" or "ms"; NULL: not said */
    const char *reader;    /* "virtual", a name, an index; NULL: not said */
    const char *card_name; /* pwszCardName; NULL: not said */
    struct profile_pin pins[PROFILE_PINS_MAX];
    size_t pin_count;
    const struct node *capabilities; /* NULL or a map: versions, curves, kdfs ... as declared */
    const struct node *hooks;        /* NULL or a map: remove, insert, power_cycle */
    uint64_t max_time_s;             /* budgets; 0: none */
    uint64_t max_agreements, max_pin_entries;
    struct profile_waiver *waivers;
    size_t waiver_count;
    const struct node *node; /* NULL for an empty profile */
};

/* Reads a document; relative paths stay relative to the profile's folder, see profile_path(). */
bool profile_read(struct diags *diags, struct arena *keep, const struct node *doc, const char *file,
                  struct profile *out);

/* path as the profile means it: relative ones start at the profile's folder. */
const char *profile_path(struct arena *keep, const struct profile *profile, const char *path);

/* The PIN of a role; NULL if the profile has none. */
const struct profile_pin *profile_find_pin(const struct profile *profile, const char *role);

/* The waiver that covers a finding, NULL if none does.  today (YYYY-MM-DD) decides expiry; an
 * expired waiver covers nothing.  observed is NULL for findings without a return code. */
const struct profile_waiver *profile_find_waiver(const struct profile *profile,
                                                 const char *requirement, const uint32_t *observed,
                                                 const char *case_id, const char *driver_hash,
                                                 const char *today);

/* What a trace may show of a profile: everything but environment values. */
struct node *profile_public_node(struct arena *keep, const struct profile *profile);

#endif
