/* SPDX-License-Identifier: Apache-2.0 */
/* Whose PIN a step is about.
 *
 * Cases say `role: agreement` where what matters is that the key agrees: the PIN is then the one of
 * the container that the case agrees with, which need not be the user's.  A container's row in the
 * capabilities knows it as `role` (an agreement worked with it), else as `role_declared` (the
 * profile says so), else as `pin` (the driver tells it); what none says is the user's.  Pure. */
#ifndef MDCTS_STEP_ROLE_H
#define MDCTS_STEP_ROLE_H

#include "scenario.h"

#define ROLE_WORD_AGREEMENT "agreement" /* the PIN that opens the agreement's container */
#define ROLE_WORD_NAMED     "named"     /* the one that the container names, whatever it opens */
#define ROLE_NOBODY         UINT32_MAX  /* `named`, and the container names none */

/* The row of the container that a step names; NULL: it has none. */
const struct node *step_container_row(const struct step *step, const struct node *capabilities);

/* The PIN that opens a container; row may be NULL. */
uint32_t container_role(const struct node *row);

/* The PIN of steps[at], an authenticate or deauthenticate.  The container is the one of the next
 * construct in its context; else of the case's first; else the first that agrees. */
uint32_t step_role(const struct step *steps, size_t count, size_t at,
                   const struct node *capabilities);

/* The PIN that opens the container meant above, whatever steps[at] says. */
uint32_t step_agreement_role(const struct step *steps, size_t count, size_t at,
                             const struct node *capabilities);

/* Whether the PIN of steps[at] opens all containers that are agreed with in its context until the
 * next PIN is presented there. */
bool step_role_suffices(const struct step *steps, size_t count, size_t at,
                        const struct node *capabilities);

/* "user", "admin", "3" ... <-> the number; the name of any other number is "another". */
const char *role_name(uint32_t role);
uint32_t role_number(const char *name);

#endif
