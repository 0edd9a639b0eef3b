/* SPDX-License-Identifier: Apache-2.0 */
/* What the frames between runner and host say: request kinds, fields, and the rows of array fields.
 *
 * Every request is answered by one frame of kind REPLY + request; events (frame.h) may come before
 * it. An array field is rows of one of the structs below, unpadded, copied out before use: they lie
 * unaligned in the frame.  Bytes that rows speak of follow each other in FIELD_DATA, in the order
 * of the rows. Kinds and enumerations of values are those of link.h. */
#ifndef MDCTS_HOST_PROTOCOL_H
#define MDCTS_HOST_PROTOCOL_H

#include "../base/frame.h"
#include "../link.h"

#include <string.h>

enum request_kind {
    REQUEST_LOAD = 1,
    REQUEST_CONNECT,
    REQUEST_CARD,
    REQUEST_CONTEXT_NEW,
    REQUEST_CONTEXT_SET,
    REQUEST_CONTEXT_AFTER,
    REQUEST_CONTEXT_DROP,
    REQUEST_CALL,
    REQUEST_FREE,
    REQUEST_PEEK,
    REQUEST_MAPS,
    REQUEST_THREAD,
    REQUEST_PARALLEL,
    REQUEST_OWN,
    REQUEST_PLACE,
    REQUEST_END,
    REQUEST_LAST = REQUEST_END
};
#define REPLY 128 /* + request kind */
/* While REQUEST_PARALLEL is carried out: FIELD_NUMBER is the call's place among its calls. */
#define NOTE_ENTERED  120
#define NOTE_RETURNED 121 /* a call's reply */

enum reply_state { REPLY_DONE, REPLY_NOT_CALLED, REPLY_MALFORMED };

enum wire_field {
    FIELD_STATE = 1, /* uint: enum reply_state */
    FIELD_HEAD,      /* one row: wire_call, wire_context, wire_result, wire_card, wire_end */
    FIELD_NUMBER,    /* uint, by request */
    FIELD_STEP,      /* uint */
    FIELD_NAME,      /* text */
    FIELD_ARGS,      /* rows of wire_value */
    FIELD_OBJECTS,   /* rows of wire_object; data: name, then image, of each */
    FIELD_RELOCATIONS,
    FIELD_FOLLOWS, /* request: wire_follow; reply: wire_followed */
    FIELD_ANSWERS,
    FIELD_MEMBERS,
    FIELD_LENGTHS, /* rows of uint64_t */
    FIELD_CHANGES,
    FIELD_CHANGE_DATA,
    FIELD_FOLLOW_DATA,
    FIELD_IMAGE_DATA,
    FIELD_CARD_DATA,
    FIELD_READER, /* uint: the connection, 0: the first reader's */
    FIELD_CALL,   /* the fields of a REQUEST_CALL, for each call of a REQUEST_PARALLEL */
    FIELD_PATCHES,
    FIELD_DATA
};

struct wire_value {
    uint32_t kind, index;
    uint64_t number;
};

struct wire_member {
    uint32_t offset, width;
    struct wire_value value;
};

struct wire_context {
    uint32_t id, version, size, visible;
    uint32_t no_card, card_name,
        atr; /* places of card name and ATR among the byte strings; UINT32_MAX: none */
    uint32_t reader;
};

struct wire_object {
    uint64_t size, len;
    uint32_t placement, secret, whole, name_len;
};

struct wire_relocation {
    uint32_t object, offset;
    struct wire_value value;
};

struct wire_follow {
    uint32_t object, offset, length, fixed;
    uint32_t from_object, from_offset, from_width, reserved;
};

#define ANSWER_NAME_BYTES 24

struct wire_answer {
    uint64_t handle;
    uint32_t object, offset, parameter, index, status, write, delay_ms, calls_back;
    char name[ANSWER_NAME_BYTES]; /* cut, NUL-terminated */
};

struct wire_call {
    uint32_t entry, table, current, step;
    uint32_t transaction, cache_after, free_returned;
    uint32_t alloc_nth, alloc_from, realloc_nth, realloc_from, heap_nth, heap_from;
    uint32_t pcsc_nth, pcsc_from, pcsc_kind, pcsc_value;
    uint32_t lane, meet; /* of REQUEST_PARALLEL: the thread, and where the call waits for others */
    uint32_t keep_object, keep_offset, keep_width; /* what later calls want of this one's outcome */
};

/* Something that an earlier call of the same script brought, put where this call wants it. */
struct wire_patch {
    uint32_t call;           /* its place among the calls */
    uint32_t object, offset; /* object UINT32_MAX: argument number offset */
    uint32_t width;
};

struct wire_result {
    uint64_t duration_ns;
    uint32_t status, transaction_status;
    uint32_t allocs, reallocs, alloc_fired, realloc_fired;
    uint32_t blocks_live, heap_uses;
};

struct wire_end {
    uint64_t load_ns, pcsc_ns; /* of the host's life, spent in dlopen and in PC/SC calls of ours */
    uint32_t quiet; /* it was asked for, and nothing of the driver's outlives the process or ends
                     * with it: the host waits for the channel to be closed */
    uint32_t reserved;
};

struct wire_change {
    int64_t offset;
    uint64_t len;
    uint32_t of_context, index;
    uint32_t shown, reserved; /* shown: len bytes of data follow */
};

struct wire_followed {
    uint64_t address, size, wanted, len;
    int64_t offset;
    uint32_t kind, index, live, readable;
};

struct wire_card {
    uint64_t context, card;
    uint32_t status, protocol, atr_len, reserved;
    uint8_t atr[36];
    uint32_t reserved_too;
};

/* Memory of the host's own, through which secrets pass; rows of FIELD_DATA. */
struct wire_range {
    uint64_t start, end;
};

/* Row number row of an array field; false if it has not that many. */
static inline bool wire_row(struct bytes rows, size_t row, void *out, size_t size)
{
    if (rows.len / size <= row)
        return false;
    memcpy(out, rows.data + row * size, size);
    return true;
}

/* ---- between link and server: SOCK_SEQPACKET messages of one struct server_message ---- */

enum server_message_kind {
    SERVER_START = 1, /* to the server */
    SERVER_STARTED,   /* from it: pid, with SERVER_DESCRIPTORS; -1, without: could not fork */
    SERVER_ENDED      /* from it: pid and wait status */
};

/* The runner's ends of the host's channel (SOCK_STREAM), stdout and stderr (not blocking). */
#define SERVER_DESCRIPTORS 3

struct server_message {
    uint32_t kind;
    int32_t pid;
    int32_t status;
    uint32_t token; /* of SERVER_START, repeated by its SERVER_STARTED */
    uint32_t ahead; /* of SERVER_START: nobody waits for this host yet, it may warm itself up */
};

/* The host's own exit code when its channel is gone; a driver that closed it is the usual cause. */
#define HOST_EXIT_CHANNEL 121

#endif
