/* SPDX-License-Identifier: Apache-2.0 */
/* The only file of the host that knows pcsc-lite's types. */
#include "pcsc.h"

#include <dlfcn.h>
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

static bool loaded, connected;
static atomic_bool held;
static uint64_t spent_ns;
static SCARDCONTEXT context;
static SCARDHANDLE card;
static char reader_name[READER_BYTES_MAX];

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

static LONG connect_card(SCARDHANDLE *handle, DWORD *protocol)
{
    return pcsc.connect(context, reader_name, SCARD_SHARE_SHARED,
                        SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1, handle, protocol);
}

static LONG read_atr(struct wire_card *out)
{
    uint8_t atr[MAX_ATR_SIZE];
    DWORD atr_len = sizeof atr, name_len = 0, state, protocol;
    LONG status = pcsc.status(card, NULL, &name_len, &state, &protocol, atr, &atr_len);
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

void pcsc_connect(const char *reader, struct wire_card *out)
{
    *out = (struct wire_card){.status = PCSC_NO_LIBRARY};
    if (!loaded)
        return;
    if (connected)
        pcsc_disconnect(false);
    strncpy(reader_name, reader, sizeof reader_name - 1);
    uint64_t start = clock_ns();
    LONG status = pcsc.establish(SCARD_SCOPE_SYSTEM, NULL, NULL, &context);
    if (status == SCARD_S_SUCCESS) {
        DWORD protocol = 0;
        status = connect_card(&card, &protocol);
        connected = status == SCARD_S_SUCCESS;
        if (connected)
            status = read_atr(out);
        else
            pcsc.release(context);
        out->protocol = (uint32_t)protocol;
    }
    out->status = done(start, status);
    if (connected) {
        out->context = (uint64_t)context;
        out->card = (uint64_t)card;
    }
}

bool pcsc_connected(void)
{
    return connected;
}

bool pcsc_transaction_held(void)
{
    return held;
}

uint32_t pcsc_begin(void)
{
    if (!connected)
        return PCSC_NO_LIBRARY;
    uint64_t start = clock_ns();
    uint32_t status = done(start, pcsc.begin(card));
    if (status == SCARD_S_SUCCESS)
        held = true;
    return status;
}

uint32_t pcsc_end(void)
{
    if (!connected)
        return PCSC_NO_LIBRARY;
    held = false;
    uint64_t start = clock_ns();
    return done(start, pcsc.end(card, SCARD_LEAVE_CARD));
}

uint32_t pcsc_reconnect(bool reset)
{
    DWORD protocol;
    if (!connected)
        return PCSC_NO_LIBRARY;
    held = false;
    return (uint32_t)pcsc.reconnect(card, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1,
                                    reset ? SCARD_RESET_CARD : SCARD_LEAVE_CARD, &protocol);
}

uint32_t pcsc_disconnect(bool reset)
{
    if (!connected)
        return PCSC_NO_LIBRARY;
    held = connected = false;
    uint64_t start = clock_ns();
    LONG status = pcsc.disconnect(card, reset ? SCARD_RESET_CARD : SCARD_LEAVE_CARD);
    pcsc.release(context);
    return done(start, status);
}

uint32_t pcsc_foreign(struct bytes apdu, uint8_t *response, size_t *len)
{
    SCARDHANDLE other;
    SCARDCONTEXT own;
    DWORD protocol = 0, got = *len;
    *len = 0;
    if (!connected)
        return PCSC_NO_LIBRARY;
    LONG status = pcsc.establish(SCARD_SCOPE_SYSTEM, NULL, NULL, &own);
    if (status != SCARD_S_SUCCESS)
        return (uint32_t)status;
    status = pcsc.connect(own, reader_name, SCARD_SHARE_SHARED,
                          SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1, &other, &protocol);
    if (status == SCARD_S_SUCCESS) {
        SCARD_IO_REQUEST request = {protocol, sizeof request};
        status = pcsc.transmit(other, &request, apdu.data, apdu.len, NULL, response, &got);
        if (status == SCARD_S_SUCCESS)
            *len = got;
        pcsc.disconnect(other, SCARD_LEAVE_CARD);
    }
    pcsc.release(own);
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
