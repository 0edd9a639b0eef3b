/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the fields of a document's maps, with the sentences that their mistakes deserve.
 *
 * what is the noun of the sentence ("a case", "timeout_ms").  Each function returns false after a
 * diagnostic and leaves *out alone then. */
#ifndef MDCTS_FIELDS_H
#define MDCTS_FIELDS_H

#include "base/node.h"

/* node must be a map that has only keys of names.  what: "a case". */
bool fields_check(struct diags *diags, const struct node *node, const char *what,
                  const char *const *names, size_t count);

/* The entry of that key; NULL after a diagnostic if it is missing. */
const struct node *field_required(struct diags *diags, const struct node *map, const char *what,
                                  const char *key);

/* node may be NULL: then *out keeps its value and the answer is true. */
bool field_text(struct diags *diags, const struct node *node, const char *what, const char **out);
bool field_uint(struct diags *diags, const struct node *node, const char *what, uint64_t least,
                uint64_t most, uint64_t *out);
bool field_bool(struct diags *diags, const struct node *node, const char *what, bool *out);
/* One of the names; *out is its place. */
bool field_choice(struct diags *diags, const struct node *node, const char *what,
                  const char *const *names, size_t count, size_t *out);

/* "unknown WHAT 'text'; did you mean 'x'?" or a list of what is known where nothing is near. False.
 */
bool field_unknown(struct diags *diags, struct source_pos at, const char *what, const char *text,
                   const char *const *names, size_t count);

/* "WHAT must be EXPECTED, not SHOWN".  False. */
bool field_wrong(struct diags *diags, const struct node *node, const char *what,
                 const char *expected);

/* The node as a sentence shows it: 'text', "a list", "a map", "nothing". */
const char *field_shown(struct arena *keep, const struct node *node);

/* Whether text matches a glob of * and ?; a [ is an ordinary character, since case ids have it. */
bool glob_matches(const char *glob, const char *text);

/* FIRST..LAST, in any order; false, without a diagnostic, if the text (or NULL) is no range. */
bool field_range(struct arena *keep, const char *text, uint64_t *first, uint64_t *last);

#endif
