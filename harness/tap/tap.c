/* SPDX-License-Identifier: Apache-2.0 */
/* libpcsclite.so.1 of ours: every symbol of the real library, forwarded.  The only file that knows
 * pcsc-lite's types.  Without a real library every call answers SCARD_E_NO_SERVICE. */
#include "tap.h"
#include "../base/clock.h"
#include "apdu_view.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <winscard.h>

#define EXPORTED __attribute__((visibility("default")))

EXPORTED const SCARD_IO_REQUEST g_rgSCardT0Pci = {SCARD_PROTOCOL_T0, sizeof(SCARD_IO_REQUEST)};
EXPORTED const SCARD_IO_REQUEST g_rgSCardT1Pci = {SCARD_PROTOCOL_T1, sizeof(SCARD_IO_REQUEST)};
EXPORTED const SCARD_IO_REQUEST g_rgSCardRawPci = {SCARD_PROTOCOL_RAW, sizeof(SCARD_IO_REQUEST)};

#define FORWARDED(X)                                                                               \
    X(SCardEstablishContext)                                                                       \
    X(SCardReleaseContext)                                                                         \
    X(SCardIsValidContext)                                                                         \
    X(SCardConnect)                                                                                \
    X(SCardReconnect)                                                                              \
    X(SCardDisconnect)                                                                             \
    X(SCardBeginTransaction)                                                                       \
    X(SCardEndTransaction)                                                                         \
    X(SCardStatus)                                                                                 \
    X(SCardGetStatusChange)                                                                        \
    X(SCardControl)                                                                                \
    X(SCardTransmit)                                                                               \
    X(SCardListReaderGroups)                                                                       \
    X(SCardListReaders)                                                                            \
    X(SCardFreeMemory)                                                                             \
    X(SCardCancel)                                                                                 \
    X(SCardGetAttrib)                                                                              \
    X(SCardSetAttrib)                                                                              \
    X(pcsc_stringify_error)

static struct {
#define SLOT(name) __typeof__(name) *name;
    FORWARDED(SLOT)
#undef SLOT
} real;

static bool complete;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static const struct tap_host *_Atomic host;

static void *open_real(void)
{
    static const char *const places[] = {"/usr/lib/x86_64-linux-gnu/libpcsclite.so.1",
                                         "/lib/x86_64-linux-gnu/libpcsclite.so.1",
                                         "/usr/lib64/libpcsclite.so.1", "/usr/lib/libpcsclite.so.1",
                                         "/usr/local/lib/libpcsclite.so.1"};
    const char *chosen = getenv("MDCTS_PCSC_LIBRARY");
    if (chosen != NULL)
        return dlopen(chosen, RTLD_NOW | RTLD_LOCAL);
    void *library = NULL;
    for (size_t i = 0; library == NULL && i < sizeof places / sizeof *places; i++)
        library = dlopen(places[i], RTLD_NOW | RTLD_LOCAL);
    return library;
}

static void load_real(void)
{
    static const struct {
        const char *name;
        void *slot;
    } symbols[] = {
#define SYMBOL(name) {#name, &real.name},
        FORWARDED(SYMBOL)
#undef SYMBOL
    };
    void *library = open_real();
    complete = library != NULL;
    for (size_t i = 0; complete && i < sizeof symbols / sizeof *symbols; i++) {
        void *symbol = dlsym(library, symbols[i].name);
        memcpy(symbols[i].slot, &symbol, sizeof symbol);
        complete = symbol != NULL;
    }
}

static bool ready(void)
{
    pthread_once(&once, load_real);
    return complete;
}

EXPORTED void mdcts_tap_attach(const struct tap_host *to)
{
    (void)ready(); /* hosts inherit it from the server that forks them */
    host = to;
}

static void tell(struct tap_report report, LONG status)
{
    const struct tap_host *to = host;
    report.status = (uint32_t)status;
    if (to != NULL)
        to->report(&report);
}

static LONG tell_other(const char *function, LONG status)
{
    tell((struct tap_report){.kind = TAP_OTHER, .function = function}, status);
    return status;
}

/* What the real library allocates is not the driver's. */
static bool enter(void)
{
    const struct tap_host *to = host;
    return to != NULL && to->is_drivers(false);
}

static LONG leave(bool before, LONG status)
{
    const struct tap_host *to = host;
    if (to != NULL)
        to->is_drivers(before);
    return status;
}

#define REAL(before, name, ...) leave(before, ready() ? real.name(__VA_ARGS__) : SCARD_E_NO_SERVICE)

/* Forwards and reports the name and status alone. */
#define FORWARD(name, ...)                                                                         \
    bool before = enter();                                                                         \
    return tell_other(#name, REAL(before, name, __VA_ARGS__))

EXPORTED LONG SCardEstablishContext(DWORD scope, LPCVOID reserved1, LPCVOID reserved2,
                                    LPSCARDCONTEXT context)
{
    FORWARD(SCardEstablishContext, scope, reserved1, reserved2, context);
}

EXPORTED LONG SCardReleaseContext(SCARDCONTEXT context)
{
    FORWARD(SCardReleaseContext, context);
}

EXPORTED LONG SCardIsValidContext(SCARDCONTEXT context)
{
    FORWARD(SCardIsValidContext, context);
}

EXPORTED LONG SCardConnect(SCARDCONTEXT context, LPCSTR reader, DWORD share, DWORD protocols,
                           LPSCARDHANDLE card, LPDWORD protocol)
{
    FORWARD(SCardConnect, context, reader, share, protocols, card, protocol);
}

EXPORTED LONG SCardReconnect(SCARDHANDLE card, DWORD share, DWORD protocols, DWORD initialization,
                             LPDWORD protocol)
{
    FORWARD(SCardReconnect, card, share, protocols, initialization, protocol);
}

EXPORTED LONG SCardDisconnect(SCARDHANDLE card, DWORD disposition)
{
    FORWARD(SCardDisconnect, card, disposition);
}

EXPORTED LONG SCardBeginTransaction(SCARDHANDLE card)
{
    bool before = enter();
    LONG status = REAL(before, SCardBeginTransaction, card);
    tell((struct tap_report){.kind = TAP_BEGIN, .function = "SCardBeginTransaction"}, status);
    return status;
}

EXPORTED LONG SCardEndTransaction(SCARDHANDLE card, DWORD disposition)
{
    bool before = enter();
    LONG status = REAL(before, SCardEndTransaction, card, disposition);
    tell((struct tap_report){.kind = TAP_END,
                             .function = "SCardEndTransaction",
                             .disposition = (uint32_t)disposition},
         status);
    return status;
}

EXPORTED LONG SCardStatus(SCARDHANDLE card, LPSTR names, LPDWORD names_len, LPDWORD state,
                          LPDWORD protocol, LPBYTE atr, LPDWORD atr_len)
{
    FORWARD(SCardStatus, card, names, names_len, state, protocol, atr, atr_len);
}

EXPORTED LONG SCardGetStatusChange(SCARDCONTEXT context, DWORD timeout, SCARD_READERSTATE *states,
                                   DWORD count)
{
    FORWARD(SCardGetStatusChange, context, timeout, states, count);
}

EXPORTED LONG SCardControl(SCARDHANDLE card, DWORD code, LPCVOID sent, DWORD sent_len, LPVOID got,
                           DWORD capacity, LPDWORD got_len)
{
    FORWARD(SCardControl, card, code, sent, sent_len, got, capacity, got_len);
}

/* A command pointer that faults here would have faulted in the real library. */
static void view_exchange(struct tap_report *report, const uint8_t *command, size_t command_len,
                          const uint8_t *response, size_t response_len)
{
    struct apdu_view view = apdu_view(command, command_len);
    report->command = command;
    report->command_len = view.shown;
    report->lc = view.lc;
    if (response_len >= 2) {
        report->response = response;
        report->response_len = response_len - 2;
        report->sw = (uint32_t)response[response_len - 2] << 8 | response[response_len - 1];
    }
}

static struct tap_trouble find_trouble(void)
{
    const struct tap_host *to = host;
    return to == NULL ? (struct tap_trouble){.kind = TAP_NO_TROUBLE} : to->trouble();
}

/* An answer that never came from a card. */
static LONG answer(const struct tap_trouble *trouble, LPBYTE got, LPDWORD got_len)
{
    if (trouble->kind == TAP_RETURN)
        return (LONG)trouble->value; /* pcsc-lite's codes are positive in its wide LONG */
    if (got == NULL || got_len == NULL || *got_len < trouble->len)
        return SCARD_E_INSUFFICIENT_BUFFER;
    if (trouble->len > 0)
        memcpy(got, trouble->bytes, trouble->len);
    *got_len = trouble->len;
    return SCARD_S_SUCCESS;
}

/* What is left of an answer; what was behind is wiped. */
static void shorten(const struct tap_trouble *trouble, LPBYTE got, LPDWORD got_len)
{
    DWORD len = *got_len, kept = trouble->value;
    if (trouble->kind == TAP_SHORT && len >= 2 && kept < len - 2) {
        memmove(got + kept, got + len - 2, 2);
        kept += 2;
    }
    if (kept >= len)
        return;
    memset(got + kept, 0, len - kept);
    *got_len = kept;
}

EXPORTED LONG SCardTransmit(SCARDHANDLE card, const SCARD_IO_REQUEST *sent_pci, LPCBYTE sent,
                            DWORD sent_len, SCARD_IO_REQUEST *got_pci, LPBYTE got, LPDWORD got_len)
{
    struct tap_report report = {.kind = TAP_TRANSMIT, .function = "SCardTransmit"};
    struct tap_trouble trouble = find_trouble();
    LONG status;
    uint64_t start = clock_ns();
    if (trouble.kind == TAP_RETURN || trouble.kind == TAP_ANSWER) {
        status = answer(&trouble, got, got_len);
    } else {
        bool before = enter();
        status = REAL(before, SCardTransmit, card, sent_pci, sent, sent_len, got_pci, got, got_len);
    }
    bool answered = status == SCARD_S_SUCCESS && got != NULL && got_len != NULL;
    if (answered && trouble.kind >= TAP_CUT)
        shorten(&trouble, got, got_len);
    report.us = (clock_ns() - start) / 1000u;
    if (sent != NULL)
        view_exchange(&report, sent, sent_len, got, answered ? *got_len : 0);
    tell(report, status);
    return status;
}

EXPORTED LONG SCardListReaderGroups(SCARDCONTEXT context, LPSTR groups, LPDWORD groups_len)
{
    FORWARD(SCardListReaderGroups, context, groups, groups_len);
}

EXPORTED LONG SCardListReaders(SCARDCONTEXT context, LPCSTR groups, LPSTR readers,
                               LPDWORD readers_len)
{
    FORWARD(SCardListReaders, context, groups, readers, readers_len);
}

EXPORTED LONG SCardFreeMemory(SCARDCONTEXT context, LPCVOID memory)
{
    FORWARD(SCardFreeMemory, context, memory);
}

EXPORTED LONG SCardCancel(SCARDCONTEXT context)
{
    FORWARD(SCardCancel, context);
}

EXPORTED LONG SCardGetAttrib(SCARDHANDLE card, DWORD attribute, LPBYTE value, LPDWORD value_len)
{
    FORWARD(SCardGetAttrib, card, attribute, value, value_len);
}

EXPORTED LONG SCardSetAttrib(SCARDHANDLE card, DWORD attribute, LPCBYTE value, DWORD value_len)
{
    FORWARD(SCardSetAttrib, card, attribute, value, value_len);
}

EXPORTED const char *pcsc_stringify_error(const LONG code)
{
    return ready() ? real.pcsc_stringify_error(code) : "no PC/SC library";
}
