/* SPDX-License-Identifier: Apache-2.0 */
/* Frames: the bytes that runner and host exchange.
 *
 * A frame is its length in bytes (u32, itself included), a kind (u16) and fields; a field is an id
 * (u16), a type (u8), a length (u32) and that many bytes.  Numbers are little-endian.  Writing goes
 * into memory of the caller and allocates nothing, so that a signal handler can do it; a frame that
 * does not fit is dropped whole.  Reading never trusts a length.  What the fields of an event mean
 * is in events.def. */
#ifndef MDCTS_BASE_FRAME_H
#define MDCTS_BASE_FRAME_H

#include "bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_BYTES_MAX    (16u << 20) /* a whole frame; several parameters of 1 MiB fit */
#define FRAME_HEADER_BYTES 6
#define FIELD_HEADER_BYTES 7
#define FRAME_DEPTH_MAX    3   /* fields within fields */
#define FRAME_EVENT_FIRST  256 /* kinds from here on are events: 256 + enum event_kind */

enum field_type { FIELD_UINT = 1, FIELD_BYTES, FIELD_TEXT, FIELD_UTF16, FIELD_GROUP };

enum event_kind {
#define EVENT_ROW(id, name) EVENT_##id,
#define FIELD_ROW(id, key, show)
#include "events.def"
#undef EVENT_ROW
#undef FIELD_ROW
    EVENT_COUNT
};

enum event_field {
#define EVENT_ROW(id, name)
#define FIELD_ROW(id, key, show) EV_##id,
#include "events.def"
#undef EVENT_ROW
#undef FIELD_ROW
    EV_COUNT
};

/* ---- writing ---- */

struct frame_writer {
    uint8_t *data; /* the caller's */
    size_t capacity;
    size_t len;   /* complete frames and the one being written */
    size_t start; /* of the one being written */
    bool failed;  /* the one being written doesn't fit */
};

void frame_begin(struct frame_writer *writer, uint16_t kind);
void frame_put_uint(struct frame_writer *writer, uint16_t id, uint64_t value);
void frame_put_bytes(struct frame_writer *writer, uint16_t id, const void *data, size_t len);
void frame_put_text(struct frame_writer *writer, uint16_t id, const char *text);
void frame_put_typed(struct frame_writer *writer, uint16_t id, enum field_type type,
                     struct bytes payload);
/* A field of fields: everything put between open and close.  open returns the mark for close. */
size_t frame_open(struct frame_writer *writer, uint16_t id);
void frame_close(struct frame_writer *writer, size_t mark);
/* A field whose len bytes the caller fills in; NULL if they don't fit. */
uint8_t *frame_reserve(struct frame_writer *writer, uint16_t id, size_t len);
/* True if the frame is whole; else it has been taken out of the buffer. */
bool frame_end(struct frame_writer *writer);

/* ---- reading ---- */

struct frame {
    uint16_t kind;
    struct bytes fields; /* into the stream */
    size_t size;         /* bytes of the stream that it takes */
};

struct frame_field {
    uint16_t id;
    enum field_type type;
    uint64_t number;    /* FIELD_UINT */
    struct bytes bytes; /* the payload, of any type */
};

enum frame_state { FRAME_WHOLE, FRAME_PART, FRAME_BAD };

/* The first frame of the stream; FRAME_PART when more bytes are needed, FRAME_BAD when its length
 * is impossible. */
enum frame_state frame_read(struct bytes stream, struct frame *out);

/* Takes the first field off *rest.  False at the end, and then rest->len is 0, or when the rest is
 * malformed, and then it isn't. */
bool frame_next(struct bytes *rest, struct frame_field *out);

/* The first field of that id and type; false if there is none. */
bool frame_find(struct bytes fields, uint16_t id, enum field_type type, struct frame_field *out);

#endif
