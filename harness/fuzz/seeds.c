/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-seeds FOLDER: writes the first inputs of the targets whose input is binary, one folder each:
 * frames as the host writes them, APDUs and card messages as readers and runner send them. */
#include "fuzz.h"

#include "host/protocol.h"

#include <string.h>
#include <sys/stat.h>

enum { SEED_BYTES_MAX = 65536 };

static const char *root;

/* ---- files ---- */

struct seed {
    uint8_t bytes[SEED_BYTES_MAX];
    size_t len;
};

static void add(struct seed *seed, const void *data, size_t len)
{
    FUZZ_HOLDS(len <= sizeof seed->bytes - seed->len);
    if (len > 0)
        memcpy(seed->bytes + seed->len, data, len);
    seed->len += len;
}

static void add_byte(struct seed *seed, unsigned byte)
{
    add(seed, &(uint8_t){(uint8_t)byte}, 1);
}

static void add_message(struct seed *seed, int kind, const void *data, size_t len)
{
    size_t whole = len + (kind >= 0);
    add_byte(seed, (unsigned)whole & 0xFF);
    add_byte(seed, (unsigned)whole >> 8);
    if (kind >= 0)
        add_byte(seed, (unsigned)kind);
    add(seed, data, len);
}

static void save(const struct seed *seed, const char *target, const char *name, size_t number)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", root, target);
    mkdir(path, 0777);
    snprintf(path, sizeof path, "%s/%s/%s-%zu", root, target, name, number);
    FILE *file = fopen(path, "wb");
    FUZZ_HOLDS(file != NULL && fwrite(seed->bytes, 1, seed->len, file) == seed->len &&
               fclose(file) == 0);
}

/* ---- frames ---- */

#define SHOW_UINT   FIELD_UINT
#define SHOW_BOOL   FIELD_UINT
#define SHOW_TEXT   FIELD_TEXT
#define SHOW_UTF16  FIELD_UTF16
#define SHOW_HEX    FIELD_BYTES
#define SHOW_MAP    FIELD_GROUP
#define SHOW_HIDDEN FIELD_BYTES
static const enum field_type types[EV_COUNT] = {
#define EVENT_ROW(id, name)
#define FIELD_ROW(id, key, show) SHOW_##show,
#include "base/events.def"
#undef EVENT_ROW
#undef FIELD_ROW
};

static void put_field(struct frame_writer *writer, uint16_t id, enum field_type type)
{
    size_t mark;
    switch (type) {
    case FIELD_UINT: frame_put_uint(writer, id, id); break;
    case FIELD_BYTES: frame_put_bytes(writer, id, "\0\xA4\x04", 3); break;
    case FIELD_TEXT: frame_put_text(writer, id, "text"); break;
    case FIELD_UTF16:
        frame_put_typed(writer, id, type, (struct bytes){(const uint8_t *)"m\0s\0", 4});
        break;
    case FIELD_GROUP:
        mark = frame_open(writer, id);
        frame_put_uint(writer, EV_BLOCK, 1);
        frame_close(writer, mark);
        break;
    }
}

static void put_event(struct frame_writer *writer, unsigned kind, unsigned first_field)
{
    frame_begin(writer, (uint16_t)(FRAME_EVENT_FIRST + kind));
    for (unsigned field = first_field; field < first_field + 8 && field < EV_COUNT; field++)
        put_field(writer, (uint16_t)field, types[field]);
    frame_end(writer);
}

/* A whole answer to each question of the target, in its order; what a question ignores does no
 * harm. */
static void put_reply(struct frame_writer *writer, uint16_t request)
{
    struct wire_result result = {.duration_ns = 1, .allocs = 1};
    struct wire_card card = {.atr_len = 4, .atr = {0x3B, 0x80, 0x80, 1}};
    struct wire_change change = {.offset = 2, .len = 4, .shown = 1};
    struct wire_followed followed = {.kind = POINTER_BLOCK, .len = 4, .readable = 1};
    uint64_t lengths[2] = {4, 0};
    bool call = request == REQUEST_CALL;
    frame_begin(writer, REPLY + request);
    frame_put_uint(writer, FIELD_STATE, REPLY_DONE);
    frame_put_uint(writer, FIELD_NUMBER, 1);
    frame_put_bytes(writer, FIELD_HEAD, call ? (void *)&result : (void *)&card,
                    call ? sizeof result : sizeof card);
    frame_put_text(writer, FIELD_NAME, "/lib/driver.so");
    frame_put_bytes(writer, FIELD_DATA, "\x90\0", 2);
    frame_put_bytes(writer, FIELD_CHANGES, &change, sizeof change);
    frame_put_bytes(writer, FIELD_CHANGE_DATA, "abcd", 4);
    frame_put_bytes(writer, FIELD_LENGTHS, lengths, sizeof lengths);
    frame_put_bytes(writer, FIELD_IMAGE_DATA, "efgh", 4);
    frame_put_bytes(writer, FIELD_FOLLOWS, &followed, sizeof followed);
    frame_put_bytes(writer, FIELD_FOLLOW_DATA, "ijkl", 4);
    frame_end(writer);
}

static void put_note(struct frame_writer *writer, uint16_t kind, uint64_t call)
{
    struct wire_result result = {.duration_ns = 1};
    frame_begin(writer, kind);
    frame_put_uint(writer, FIELD_NUMBER, call);
    frame_put_bytes(writer, FIELD_HEAD, &result, sizeof result);
    frame_end(writer);
}

static void save_frames(size_t number, unsigned question, const struct frame_writer *writer)
{
    static struct seed seed;
    const struct server_message message = {SERVER_ENDED, 77, 9, 1, 0};
    seed.len = 0;
    add_byte(&seed, question);
    add_message(&seed, -1, &message, number % 2 == 0 ? sizeof message : 0);
    add_message(&seed, -1, "the driver's words\n", 19);
    add(&seed, writer->data, writer->len);
    save(&seed, "frames", "frames", number);
}

static void make_frames(void)
{
    static const uint16_t requests[] = {REQUEST_CALL,    REQUEST_PARALLEL, REQUEST_LOAD,
                                        REQUEST_CONNECT, REQUEST_CARD,     REQUEST_PEEK,
                                        REQUEST_MAPS,    REQUEST_END};
    enum { QUESTIONS = sizeof requests / sizeof requests[0] };
    static uint8_t memory[SEED_BYTES_MAX / 2];
    for (unsigned kind = 0; kind < (unsigned)EVENT_COUNT; kind++) {
        struct frame_writer writer = {.data = memory, .capacity = sizeof memory};
        for (unsigned field = 0; field < EV_COUNT; field += 8)
            put_event(&writer, kind, field);
        put_reply(&writer, requests[kind % QUESTIONS]);
        save_frames(kind, kind % QUESTIONS, &writer);
    }
    for (unsigned question = 0; question < QUESTIONS; question++) {
        struct frame_writer writer = {.data = memory, .capacity = sizeof memory};
        for (uint64_t call = 0; call < 2 && requests[question] == REQUEST_PARALLEL; call++) {
            put_note(&writer, NOTE_ENTERED, call);
            put_note(&writer, NOTE_RETURNED, call);
        }
        put_reply(&writer, requests[question]);
        put_reply(&writer, REQUEST_END);
        save_frames(EVENT_COUNT + question, question, &writer);
    }
}

/* ---- what is said to and by a card ---- */

struct text {
    const char *bytes;
    size_t len;
};
#define TEXT(bytes)                                                                                \
    {                                                                                              \
        bytes, sizeof(bytes) - 1                                                                   \
    }

/* clang-format off */
static const struct text apdus[] = {
    TEXT("\x00\xA4\x04\x00\x09\xA0\x00\x00\x03\x08\x00\x00\x10\x00\x00"), /* SELECT */
    TEXT("\x00\x20\x00\x80\x08\x31\x32\x33\x34\x35\x36\xFF\xFF"), /* VERIFY */
    TEXT("\x00\x20\x00\x80"),
    TEXT("\x00\xCB\x3F\xFF\x05\x5C\x03\x5F\xC1\x0B\x00"), /* GET DATA */
    TEXT("\x00\xCB\x3F\xFF\x03\x5C\x01\x7E\x00"),
    TEXT("\x00\xC0\x00\x00\x00"), /* GET RESPONSE */
    TEXT("\x10\xDB\x3F\xFF\x09\x5C\x03\x5F\xC1\x21\x53\x02"), /* PUT DATA in a chain */
    TEXT("\x00\xDB\x3F\xFF\x02\x01\x02"),
    TEXT("\x00\xDB\x3F\xFF\x00\x00\x09\x5C\x03\x5F\xC1\x21\x53\x02\x01\x02"),
    TEXT("\x00\x24\x00\x80\x10\x31\x32\x33\x34\x35\x36\xFF\xFF\x36\x35\x34\x33\x32\x31\xFF\xFF"),
    TEXT("\x00\x2C\x00\x80\x10\x31\x32\x33\x34\x35\x36\x37\x38\x31\x32\x33\x34\x35\x36\xFF\xFF"),
    TEXT("\x00\x87\x11\x9D\x09\x7C\x07\x82\x00\x85\x03\x04\x01\x02\x00"), /* ECDH */
    TEXT("\x00\x87\x03\x9B\x04\x7C\x02\x80\x00\x00"),
    TEXT("\x00\x87\x03\x9B\x04\x7C\x02\x81\x00\x00"),
    TEXT("\x00\x47\x00\x82\x05\xAC\x03\x80\x01\x11\x00"), /* GENERATE ASYMMETRIC KEY PAIR */
    TEXT("\x00\xFD\x00\x00\x00"),
};
/* clang-format on */

static const char *const controls[] = {
    "status",          "save 0",          "restore 0",       "rewind 0",
    "remove",          "insert",          "reset",           "clear",
    "latency 87 0",    "latency none",    "fault 1 sw 6F00", "fault 0 cut 3",
    "fault 1 short 1", "fault 1 parts 7", "fault 2 remove",  "fault 1 reset",
};

static const struct text answers[] = {
    TEXT("A\x3B\x80\x80\x01"),
    TEXT("D\x90\x00"),
    TEXT("K"),
    TEXT("N"),
    TEXT("I"),
    TEXT("Dxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\x61\x00"),
};

static const char status[] = "ok present 1 powered 1 watchers 1 apdus 7 resets 1 power_ons 1 "
                             "fired 0 pin_tries 3 puk_tries 3";
static const char *const reports[] = {
    status,
    "ok present 0 apdus 18446744073709551615",
    "ok",
    "error no such command",
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* For each APDU what comes before it, too: a card is what was done to it. */
static void make_apdus(void)
{
    static struct seed seed;
    for (size_t i = 0; i < 2 * COUNT(apdus); i++) {
        seed.len = 0;
        add_byte(&seed, (unsigned)i % 4);
        for (size_t k = i < COUNT(apdus) ? 0 : i - COUNT(apdus); k <= i % COUNT(apdus); k++)
            add_message(&seed, -1, apdus[k].bytes, apdus[k].len);
        save(&seed, "apdu", "apdu", i);
    }
}

static void make_card(void)
{
    static struct seed seed;
    for (size_t i = 0; i < COUNT(controls); i++) {
        seed.len = 0;
        add_message(&seed, 0, "W", 1);
        add_message(&seed, 0, "P", 1);
        add_message(&seed, 1, "save 0", 6);
        add_message(&seed, 1, controls[i], strlen(controls[i]));
        for (size_t k = i % 4; k < COUNT(apdus); k += 4) {
            char message[64] = "T";
            memcpy(message + 1, apdus[k].bytes, apdus[k].len);
            add_message(&seed, 0, message, 1 + apdus[k].len);
        }
        add_message(&seed, 1, "restore 0", 9);
        add_message(&seed, 0, i % 2 == 0 ? "R" : "O", 1);
        save(&seed, "card", "card", i);
    }
}

static void make_reader(void)
{
    static struct seed seed;
    for (size_t i = 0; i < COUNT(answers) * COUNT(reports); i++) {
        const struct text *answer = &answers[i % COUNT(answers)];
        const char *report = reports[i % COUNT(reports)];
        seed.len = 0;
        add_message(&seed, 0, answer->bytes, answer->len);
        add_message(&seed, 0, answers[0].bytes, answers[0].len);
        add_message(&seed, 1, i % 3 == 0 ? "I" : "N", 1);
        add_message(&seed, 2, report, strlen(report));
        add_message(&seed, 2, reports[1], strlen(reports[1]));
        save(&seed, "reader", "reader", i);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: fuzz-seeds FOLDER\n", stderr);
        return 2;
    }
    root = argv[1];
    make_frames();
    make_apdus();
    make_card();
    make_reader();
    return 0;
}
