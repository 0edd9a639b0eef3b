/* SPDX-License-Identifier: Apache-2.0 */
/* The only file of the host that knows pcsc-lite's types. */
#include "pcsc.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "../base/clock.h"

#include <winscard.h>

#define READER_BYTES_MAX  256
#define READERS_BYTES_MAX 16384

static struct {
    __typeof__(SCardEstablishContext) *establish;
    __typeof__(SCardReleaseContext) *release;
    __typeof__(SCardConnect) *connect;
    __typeof__(SCardReconnect) *reconnect;
    __typeof__(SCardDisconnect) *disconnect;
    __typeof__(SCardBeginTransaction) *begin;
    __typeof__(SCardEndTransaction) *end;
    __typeof__(SCardStatus) *status;
    __typeof__(SCardTransmit) *transmit;
    __typeof__(SCardListReaders) *list;
    __typeof__(SCardGetStatusChange) *change;
} pcsc;

static struct connection {
    bool connected;
    atomic_bool held;
    bool in_call;         /* the transaction is a call's, which has its turn */
    bool by_step;         /* or a step's, and no call begins one */
    SCARDCONTEXT context; /* one each: the library lets one call at a time into a context */
    SCARDHANDLE card;
    char reader_name[READER_BYTES_MAX];
} connections[HOST_READERS_MAX];

/* Held by the call that has the reader's transaction. */
static pthread_mutex_t turns[HOST_READERS_MAX] = {PTHREAD_MUTEX_INITIALIZER,
                                                  PTHREAD_MUTEX_INITIALIZER};

static bool loaded;
static _Atomic uint64_t spent_ns;

static void *open_library(const char *path)
{
    static const char *const places[] = {"/usr/lib/x86_64-linux-gnu/libpcsclite.so.1",
                                         "/lib/x86_64-linux-gnu/libpcsclite.so.1",
                                         "/usr/lib64/libpcsclite.so.1", "/usr/lib/libpcsclite.so.1",
                                         "/usr/local/lib/libpcsclite.so.1"};
    if (path == NULL)
        path = getenv("MDCTS_PCSC_LIBRARY");
    if (path != NULL)
        return dlopen(path, RTLD_NOW | RTLD_LOCAL);
    void *library = NULL;
    for (size_t i = 0; library == NULL && i < sizeof places / sizeof *places; i++)
        library = dlopen(places[i], RTLD_NOW | RTLD_LOCAL);
    return library;
}

bool pcsc_load(const char *path)
{
    static const struct {
        const char *name;
        void *slot;
    } symbols[] = {
        {"SCardEstablishContext", &pcsc.establish},
        {"SCardReleaseContext", &pcsc.release},
        {"SCardConnect", &pcsc.connect},
        {"SCardReconnect", &pcsc.reconnect},
        {"SCardDisconnect", &pcsc.disconnect},
        {"SCardBeginTransaction", &pcsc.begin},
        {"SCardEndTransaction", &pcsc.end},
        {"SCardStatus", &pcsc.status},
        {"SCardTransmit", &pcsc.transmit},
        {"SCardListReaders", &pcsc.list},
        {"SCardGetStatusChange", &pcsc.change},
    };
    void *library = open_library(path);
    loaded = library != NULL;
    for (size_t i = 0; loaded && i < sizeof symbols / sizeof *symbols; i++) {
        void *symbol = dlsym(library, symbols[i].name);
        memcpy(symbols[i].slot, &symbol, sizeof symbol);
        loaded = symbol != NULL;
    }
    return loaded;
}

static LONG connect_card(struct connection *c, SCARDHANDLE *handle, DWORD *protocol)
{
    return pcsc.connect(c->context, c->reader_name, SCARD_SHARE_SHARED,
                        SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1, handle, protocol);
}

static LONG read_atr(const struct connection *c, struct wire_card *out)
{
    uint8_t atr[MAX_ATR_SIZE];
    DWORD atr_len = sizeof atr, name_len = 0, state, protocol;
    LONG status = pcsc.status(c->card, NULL, &name_len, &state, &protocol, atr, &atr_len);
    if (status != SCARD_S_SUCCESS)
        return status;
    out->atr_len = (uint32_t)(atr_len < sizeof out->atr ? atr_len : sizeof out->atr);
    memcpy(out->atr, atr, out->atr_len);
    return status;
}

uint64_t pcsc_spent_ns(void)
{
    return spent_ns;
}

/* Adds the time since start to what was spent; the status as the rest of the host knows it. */
static uint32_t done(uint64_t start, LONG status)
{
    spent_ns += clock_ns() - start;
    return (uint32_t)status;
}

void pcsc_connect(uint32_t reader, const char *name, struct wire_card *out)
{
    *out = (struct wire_card){.status = PCSC_NO_LIBRARY};
    if (!loaded || reader >= HOST_READERS_MAX)
        return;
    struct connection *c = &connections[reader];
    if (c->connected)
        pcsc_disconnect(reader, false);
    strncpy(c->reader_name, name, sizeof c->reader_name - 1);
    uint64_t start = clock_ns();
    LONG status = pcsc.establish(SCARD_SCOPE_SYSTEM, NULL, NULL, &c->context);
    if (status == SCARD_S_SUCCESS) {
        DWORD protocol = 0;
        status = connect_card(c, &c->card, &protocol);
        c->connected = status == SCARD_S_SUCCESS;
        if (c->connected)
            status = read_atr(c, out);
        else
            pcsc.release(c->context);
        out->protocol = (uint32_t)protocol;
    }
    out->status = done(start, status);
    if (c->connected) {
        out->context = (uint64_t)c->context;
        out->card = (uint64_t)c->card;
    }
}

bool pcsc_connected(uint32_t reader)
{
    return reader < HOST_READERS_MAX && connections[reader].connected;
}

bool pcsc_transaction_held(uint32_t reader)
{
    return reader < HOST_READERS_MAX && connections[reader].held;
}

bool pcsc_transaction_enter(uint32_t reader)
{
    if (!pcsc_connected(reader) || connections[reader].by_step)
        return false;
    pthread_mutex_lock(&turns[reader]);
    connections[reader].in_call = true;
    return true;
}

void pcsc_transaction_leave(uint32_t reader)
{
    connections[reader].in_call = false;
    pthread_mutex_unlock(&turns[reader]);
}

uint32_t pcsc_begin(uint32_t reader)
{
    if (!pcsc_connected(reader))
        return PCSC_NO_LIBRARY;
    uint64_t start = clock_ns();
    uint32_t status = done(start, pcsc.begin(connections[reader].card));
    if (status == SCARD_S_SUCCESS)
        connections[reader].held = true;
    connections[reader].by_step = connections[reader].held && !connections[reader].in_call;
    return status;
}

uint32_t pcsc_end(uint32_t reader)
{
    if (!pcsc_connected(reader))
        return PCSC_NO_LIBRARY;
    connections[reader].held = connections[reader].by_step = false;
    uint64_t start = clock_ns();
    return done(start, pcsc.end(connections[reader].card, SCARD_LEAVE_CARD));
}

uint32_t pcsc_reconnect(uint32_t reader, bool reset)
{
    DWORD protocol;
    if (!pcsc_connected(reader))
        return PCSC_NO_LIBRARY;
    connections[reader].held = connections[reader].by_step = false;
    return (uint32_t)pcsc.reconnect(connections[reader].card, SCARD_SHARE_SHARED,
                                    SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1,
                                    reset ? SCARD_RESET_CARD : SCARD_LEAVE_CARD, &protocol);
}

uint32_t pcsc_disconnect(uint32_t reader, bool reset)
{
    if (!pcsc_connected(reader))
        return PCSC_NO_LIBRARY;
    struct connection *c = &connections[reader];
    c->held = c->connected = c->by_step = false;
    uint64_t start = clock_ns();
    LONG status = pcsc.disconnect(c->card, reset ? SCARD_RESET_CARD : SCARD_LEAVE_CARD);
    pcsc.release(c->context);
    return done(start, status);
}

uint32_t pcsc_foreign(uint32_t reader, struct bytes apdu, uint8_t *response, size_t *len)
{
    SCARDHANDLE other;
    struct connection own;
    DWORD protocol = 0, got = *len;
    *len = 0;
    if (!pcsc_connected(reader))
        return PCSC_NO_LIBRARY;
    memcpy(own.reader_name, connections[reader].reader_name, sizeof own.reader_name);
    LONG status = pcsc.establish(SCARD_SCOPE_SYSTEM, NULL, NULL, &own.context);
    if (status != SCARD_S_SUCCESS)
        return (uint32_t)status;
    status = connect_card(&own, &other, &protocol);
    if (status == SCARD_S_SUCCESS) {
        SCARD_IO_REQUEST request = {protocol, sizeof request};
        status = pcsc.transmit(other, &request, apdu.data, apdu.len, NULL, response, &got);
        if (status == SCARD_S_SUCCESS)
            *len = got;
        pcsc.disconnect(other, SCARD_LEAVE_CARD);
    }
    pcsc.release(own.context);
    return (uint32_t)status;
}

/* What is in a reader now, without connecting to it. */
static void tell_reader(const char *name, SCARDCONTEXT client, pcsc_reader *tell, void *data)
{
    SCARD_READERSTATE state = {.szReader = name, .dwCurrentState = SCARD_STATE_UNAWARE};
    LONG status = pcsc.change(client, 0, &state, 1);
    bool present = status == SCARD_S_SUCCESS && (state.dwEventState & SCARD_STATE_PRESENT) != 0;
    size_t len = present && state.cbAtr <= sizeof state.rgbAtr ? state.cbAtr : 0;
    tell(data, name, present, (struct bytes){state.rgbAtr, len});
}

bool pcsc_list(pcsc_reader *tell, void *data)
{
    static char names[READERS_BYTES_MAX];
    DWORD len = sizeof names - 2; /* ends with two NULs whatever the daemon says */
    SCARDCONTEXT client;
    if (!loaded || pcsc.establish(SCARD_SCOPE_SYSTEM, NULL, NULL, &client) != SCARD_S_SUCCESS)
        return false;
    LONG status = pcsc.list(client, NULL, names, &len);
    for (const char *name = names; status == SCARD_S_SUCCESS && *name != '\0';
         name += strlen(name) + 1)
        tell_reader(name, client, tell, data);
    pcsc.release(client);
    return status == SCARD_S_SUCCESS || (uint32_t)status == (uint32_t)SCARD_E_NO_READERS_AVAILABLE;
}
