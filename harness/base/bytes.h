/* SPDX-License-Identifier: Apache-2.0 */
/* A byte string: always a borrowed view, and its hexadecimal form. */
#ifndef MDCTS_BASE_BYTES_H
#define MDCTS_BASE_BYTES_H

#include "arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
    const uint8_t *data; /* may be NULL when len is 0 */
    size_t len;
};

bool bytes_equal(struct bytes a, struct bytes b);

/* Where needle first stands in hay; SIZE_MAX if nowhere or if needle is empty. */
size_t bytes_find(struct bytes hay, struct bytes needle);

/* A copy that lives in keep. */
struct bytes bytes_copy(struct arena *keep, struct bytes from);
/* The same, the last byte first. */
struct bytes bytes_reversed(struct arena *keep, struct bytes from);

/* Lower-case hexadecimal, NUL-terminated, in keep. */
char *bytes_to_hex(struct arena *keep, struct bytes from);

/* Reads hexadecimal digits of either case; blanks between bytes are allowed.  False if text is
 * anything else. */
bool bytes_from_hex(struct arena *keep, const char *text, struct bytes *out);

/* UTF-16LE code units of UTF-8 text with a final NUL unit.  False if text is not valid UTF-8. */
bool bytes_from_utf8_as_utf16(struct arena *keep, const char *text, struct bytes *out);

#endif
