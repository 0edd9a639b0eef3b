/* SPDX-License-Identifier: Apache-2.0 */
/* Places in code: "MODULE+0xADDRESS", and what they are called.
 *
 * Events name places by numbers, and so do findings at first: "at driver.so+0x650c from
 * driver.so+0x2582".  A trace may end with a line {places: [{at, function, offset, file, line}]},
 * written by the run that could read the driver's symbols; then findings get the names.  All of it
 * is text that a driver may have chosen. */
#ifndef MDCTS_PLACES_H
#define MDCTS_PLACES_H

#include "results.h"

#define PLACES_MAX      256 /* named in one run */
#define PLACE_TEXT_MAX  200 /* bytes of a function's or a file's name */
#define PLACE_CHAIN_MAX 3   /* calls that a finding shows */

/* "a+0x1 b+0x2" as " at a+0x1 from b+0x2"; "" for NULL.  Frames of the C and C++ libraries are left
 * out unless there are no others. */
const char *places_words(struct arena *keep, const char *frames);

/* Those that stand in the findings, each once: a list of strings. */
struct node *places_wanted(struct arena *keep, const struct results *results);

/* Puts names in the findings; places is what the trace's line holds, NULL: nothing is named. */
void places_name(struct arena *keep, const struct node *places, struct results *results);

#endif
