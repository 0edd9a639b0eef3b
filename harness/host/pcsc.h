/* SPDX-License-Identifier: Apache-2.0 */
/* The host's own PC/SC client: the real library by pointer, never through the tap.
 *
 * No pcsc-lite type crosses this line; statuses are the low 32 bits of SCARD_* codes.  Every
 * function may answer PCSC_NO_LIBRARY.  Used by the main thread only, those about transactions by
 * any. */
#ifndef MDCTS_HOST_PCSC_H
#define MDCTS_HOST_PCSC_H

#include "protocol.h"

#define PCSC_NO_LIBRARY   0xFFFFFFFFu
#define PCSC_RESPONSE_MAX 65538u

/* Loads the library.  path NULL: $MDCTS_PCSC_LIBRARY, then the usual places.  The tap, whose soname
 * is the same, must have been loaded before: the driver then gets the tap and never this. */
bool pcsc_load(const char *path);

/* Establishes a context of its own and connects, shared, T=0 or T=1, as connection number reader
 * of HOST_READERS_MAX; a connection that it had ends. */
void pcsc_connect(uint32_t reader, const char *name, struct wire_card *out);
bool pcsc_connected(uint32_t reader);
/* Spent in the library by this process so far, the driver's own calls not among it. */
uint64_t pcsc_spent_ns(void);
uint32_t pcsc_begin(uint32_t reader);
uint32_t pcsc_end(uint32_t reader);
bool pcsc_transaction_held(uint32_t reader);
/* Whether a call may begin a transaction; waits until no call beside it has one, since pcscd's own
 * contention costs 100 ms.  False where a step holds one, or nothing is connected: nothing to
 * leave. */
bool pcsc_transaction_enter(uint32_t reader);
void pcsc_transaction_leave(uint32_t reader);
uint32_t pcsc_reconnect(uint32_t reader, bool reset);
/* Disconnects and releases the context. */
uint32_t pcsc_disconnect(uint32_t reader, bool reset);
/* Connects a second time, transmits, disconnects; *len: capacity, then length of the response. */
uint32_t pcsc_foreign(uint32_t reader, struct bytes apdu, uint8_t *response, size_t *len);

/* Tells every reader of the daemon, in its order, and the ATR of the card in it.  False if no
 * daemon answers. */
typedef void pcsc_reader(void *data, const char *name, bool has_card, struct bytes atr);
bool pcsc_list(pcsc_reader *tell, void *data);

#endif
