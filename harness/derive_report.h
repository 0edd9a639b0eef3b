/* SPDX-License-Identifier: Apache-2.0 */
/* What `mdcts derive` shows of one derivation: gathered from the events of its last step. */
#ifndef MDCTS_DERIVE_REPORT_H
#define MDCTS_DERIVE_REPORT_H

#include "results.h"

#include <stdio.h>

#define DERIVE_LINES_MAX 256 /* callbacks and APDUs shown one by one */

struct derive_report {
    struct arena *arena;
    uint32_t step;                /* the derive step */
    struct node *construct;       /* event "return" of the agreement; NULL: none */
    struct node *call, *returned; /* of the derivation */
    struct node *not_run;         /* the first step that was not run */
    struct node *refused;         /* the first call that failed before the derivation */
    struct node *lines[DERIVE_LINES_MAX];
    size_t line_count, apdus, callbacks;
    bool agreeing; /* the first CardConstructDHAgreement runs */
    size_t construct_apdus;
};

void derive_report_start(struct derive_report *report, struct arena *arena, uint32_t step);

/* Takes an event; copies what it keeps. */
void derive_report_take(struct derive_report *report, const struct node *event);

/* False if it could not be written. */
bool derive_report_print(const struct derive_report *report, const struct results *results,
                         FILE *to);

#endif
