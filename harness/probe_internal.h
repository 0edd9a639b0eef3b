/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the probe share: questions are asked in groups, each in a host of its own. */
#ifndef MDCTS_PROBE_INTERNAL_H
#define MDCTS_PROBE_INTERNAL_H

#include "probe.h"

struct probe {
    const struct run_environment *outer;
    struct run_environment env; /* a copy whose capabilities grow */
    struct arena *keep;
    struct node *found;
    struct arena arena; /* of one group */
    struct case_run *run;
    uint32_t step;
    bool dh;                        /* the entry points are there */
    const char *parameters;         /* with which the first KDF works */
    uint64_t tap_apdus, card_apdus; /* seen by the tap, counted by the card; over all groups */
};

bool probe_group_begin(struct probe *p, const char *name);
void probe_group_end(struct probe *p);

/* One step in the words of the case language, as JSON. */
struct step_result probe_ask(struct probe *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool probe_succeeded(struct step_result result);

/* The driver's newest version, and a context of it; the latter with that PIN presented. */
uint64_t probe_version(const struct probe *p);
bool probe_acquire(struct probe *p);
bool probe_authenticated(struct probe *p, uint32_t role);

/* The same, and of a refusal it is remembered how what was asked for was refused: for the profile's
 * comments.  name is what of the capability was asked for: "MD5". */
bool probe_works(struct probe *p, const char *capability, const char *name,
                 struct step_result result);

/* Adds to what was found; the value lives in p->keep. */
void probe_note(struct probe *p, const char *key, struct node *value);

/* A question of that capability was not refused, but answered as no driver may. */
void probe_note_wrong(struct probe *p, const char *capability, const char *requirement,
                      const char *expected, const char *observed);

/* What nobody has to have, but whose absence leaves most questions unasked: a warning, so that
 * nobody takes the skips for a pass. */
void probe_note_missing(struct probe *p, const char *capability, const char *requirement,
                        const char *expected, const char *observed);
void probe_note_bool(struct probe *p, const char *key, bool value);

/* Begins a group with a context, the PIN and the agreement $z. */
bool probe_agreed(struct probe *p, const char *name);

/* The first container that agrees; NULL if none does. */
const struct node *probe_agreeing_row(const struct probe *p);

/* What CardDeriveKey can do; p->parameters, too. */
void probe_derivations(struct probe *p);

/* The card's containers: their keys, and whether an agreement is declared or to be tried. */
void probe_containers(struct probe *p);

/* The PINs that containers name, then, of one, those that may open it: at most ROLES_COUNT, the
 * likeliest first, and none that the run doesn't have. */
void probe_container_pins(struct probe *p);
size_t probe_pin_choices(const struct probe *p, const struct node *row, uint32_t *roles);

/* The PINs that there are, the PIN pad, and whether an entered PIN can be undone. */
void probe_pins(struct probe *p);

#endif
