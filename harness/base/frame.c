/* SPDX-License-Identifier: Apache-2.0 */
#include "frame.h"

#include <string.h>

static void store(uint8_t *to, uint64_t value, size_t width)
{
    for (size_t i = 0; i < width; i++)
        to[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t load(const uint8_t *from, size_t width)
{
    uint64_t value = 0;
    for (size_t i = 0; i < width; i++)
        value |= (uint64_t)from[i] << (8 * i);
    return value;
}

/* Room for len more bytes of the frame being written; NULL marks it as failed. */
static uint8_t *take(struct frame_writer *writer, size_t len)
{
    size_t limit = writer->capacity < writer->start + FRAME_BYTES_MAX
                       ? writer->capacity
                       : writer->start + FRAME_BYTES_MAX;
    if (writer->failed || len > limit - writer->len) {
        writer->failed = true;
        return NULL;
    }
    uint8_t *at = writer->data + writer->len;
    writer->len += len;
    return at;
}

void frame_begin(struct frame_writer *writer, uint16_t kind)
{
    writer->start = writer->len;
    writer->failed = writer->len > writer->capacity;
    uint8_t *header = take(writer, FRAME_HEADER_BYTES);
    if (header != NULL)
        store(header + 4, kind, 2);
}

static uint8_t *put_header(struct frame_writer *writer, uint16_t id, enum field_type type,
                           size_t len)
{
    if (len > FRAME_BYTES_MAX) {
        writer->failed = true;
        return NULL;
    }
    uint8_t *header = take(writer, FIELD_HEADER_BYTES + len);
    if (header == NULL)
        return NULL;
    store(header, id, 2);
    header[2] = (uint8_t)type;
    store(header + 3, len, 4);
    return header + FIELD_HEADER_BYTES;
}

void frame_put_uint(struct frame_writer *writer, uint16_t id, uint64_t value)
{
    uint8_t *payload = put_header(writer, id, FIELD_UINT, 8);
    if (payload != NULL)
        store(payload, value, 8);
}

void frame_put_typed(struct frame_writer *writer, uint16_t id, enum field_type type,
                     struct bytes payload)
{
    uint8_t *to = put_header(writer, id, type, payload.len);
    if (to != NULL && payload.len > 0)
        memcpy(to, payload.data, payload.len);
}

void frame_put_bytes(struct frame_writer *writer, uint16_t id, const void *data, size_t len)
{
    frame_put_typed(writer, id, FIELD_BYTES, (struct bytes){data, len});
}

void frame_put_text(struct frame_writer *writer, uint16_t id, const char *text)
{
    frame_put_typed(writer, id, FIELD_TEXT, (struct bytes){(const uint8_t *)text, strlen(text)});
}

uint8_t *frame_reserve(struct frame_writer *writer, uint16_t id, size_t len)
{
    return put_header(writer, id, FIELD_BYTES, len);
}

size_t frame_open(struct frame_writer *writer, uint16_t id)
{
    put_header(writer, id, FIELD_GROUP, 0);
    return writer->len;
}

void frame_close(struct frame_writer *writer, size_t mark)
{
    if (!writer->failed)
        store(writer->data + mark - 4, writer->len - mark, 4);
}

bool frame_end(struct frame_writer *writer)
{
    if (writer->failed) {
        writer->len = writer->start;
        return false;
    }
    store(writer->data + writer->start, writer->len - writer->start, 4);
    return true;
}

enum frame_state frame_read(struct bytes stream, struct frame *out)
{
    if (stream.len < FRAME_HEADER_BYTES)
        return FRAME_PART;
    size_t size = (size_t)load(stream.data, 4);
    if (size < FRAME_HEADER_BYTES || size > FRAME_BYTES_MAX)
        return FRAME_BAD;
    if (size > stream.len)
        return FRAME_PART;
    out->kind = (uint16_t)load(stream.data + 4, 2);
    out->size = size;
    out->fields = (struct bytes){stream.data + FRAME_HEADER_BYTES, size - FRAME_HEADER_BYTES};
    return FRAME_WHOLE;
}

bool frame_next(struct bytes *rest, struct frame_field *out)
{
    if (rest->len < FIELD_HEADER_BYTES)
        return false;
    size_t len = (size_t)load(rest->data + 3, 4);
    uint8_t type = rest->data[2];
    if (len > rest->len - FIELD_HEADER_BYTES || type < FIELD_UINT || type > FIELD_GROUP ||
        (type == FIELD_UINT && len != 8))
        return false;
    out->id = (uint16_t)load(rest->data, 2);
    out->type = (enum field_type)type;
    out->bytes = (struct bytes){rest->data + FIELD_HEADER_BYTES, len};
    out->number = type == FIELD_UINT ? load(out->bytes.data, 8) : 0;
    rest->data += FIELD_HEADER_BYTES + len;
    rest->len -= FIELD_HEADER_BYTES + len;
    return true;
}

bool frame_find(struct bytes fields, uint16_t id, enum field_type type, struct frame_field *out)
{
    while (frame_next(&fields, out))
        if (out->id == id && out->type == type)
            return true;
    return false;
}
