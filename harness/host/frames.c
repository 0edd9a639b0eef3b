/* SPDX-License-Identifier: Apache-2.0 */
#include "frames.h"
#include "protocol.h"

#include <dlfcn.h>
#include <link.h>
#include <setjmp.h>
#include <signal.h>
#include <unwind.h>

#define NAME_BYTES_MAX 64
#define DEPTH_MAX      64 /* frames looked at: a stack may be a circle */

/* Where a thread goes on if unwinding meets what isn't there. */
static __thread sigjmp_buf *guard __attribute__((tls_model("initial-exec")));

static const int bad_signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE, SIGTRAP};

struct walk {
    struct frames *out;
    const ucontext_t *state; /* of a crash; NULL: none */
    uintptr_t pc;            /* of the crash; frames before it are the handler's */
    bool inside;             /* the frame before was no host's */
    unsigned depth, max;     /* frames so far, and wanted */
};

static void add_char(struct frames *out, char c)
{
    if (out->len + 1 < sizeof out->text)
        out->text[out->len++] = c;
}

static void add_hex(struct frames *out, uintptr_t value)
{
    int shift = 60;
    while (shift > 0 && value >> shift == 0)
        shift -= 4;
    for (; shift >= 0; shift -= 4)
        add_char(out, "0123456789abcdef"[value >> shift & 15]);
}

/* The part behind the last slash; a space would end the frame. */
static void add_name(struct frames *out, const char *path)
{
    const char *name = path;
    for (const char *at = path; *at != '\0'; at++)
        if (*at == '/')
            name = at + 1;
    for (int i = 0; name[i] != '\0' && i < NAME_BYTES_MAX; i++)
        add_char(out, name[i] > ' ' && name[i] < 0x7f ? name[i] : '_');
}

/* False if there is no module of the driver's at the address. */
static bool add_frame(struct frames *out, uintptr_t address)
{
    struct dl_find_object found;
    void *where;
    memcpy(&where, &address, sizeof where);
    if (_dl_find_object(where, &found) != 0 || found.dlfo_link_map->l_name[0] == '\0')
        return false;
    if (out->count++ > 0)
        add_char(out, ' ');
    add_name(out, found.dlfo_link_map->l_name);
    add_char(out, '+');
    add_char(out, '0');
    add_char(out, 'x');
    add_hex(out, address - found.dlfo_link_map->l_addr);
    out->text[out->len] = '\0';
    return true;
}

static _Unwind_Reason_Code visit(struct _Unwind_Context *context, void *data)
{
    struct walk *walk = data;
    int before = 0;
    uintptr_t pc = _Unwind_GetIPInfo(context, &before);
    if (walk->state != NULL && walk->depth == 0 && pc != walk->pc)
        return _URC_NO_REASON;
    /* A return address may be the next function's; the call lies before it. */
    bool added = add_frame(walk->out, before ? pc : pc - 1);
    /* A crash of the host's own has no frames of the driver's, and theirs end where the host's
     * begin. */
    if (!added && (walk->inside || walk->state != NULL))
        return _URC_END_OF_STACK;
    walk->inside = added;
    if (walk->out->count >= walk->max || ++walk->depth >= DEPTH_MAX)
        return _URC_END_OF_STACK;
    return _URC_NO_REASON;
}

static void unwind(struct walk *walk)
{
    _Unwind_Backtrace(visit, walk);
    if (walk->state == NULL || walk->out->count > 0)
        return;
    /* A call that led to nowhere has left its return address. */
    struct dl_find_object found;
    uintptr_t back;
    void *where;
    const greg_t *registers = walk->state->uc_mcontext.gregs;
    memcpy(&where, &walk->pc, sizeof where);
    if (_dl_find_object(where, &found) == 0)
        return;
    memcpy(&back, (const void *)(uintptr_t)registers[REG_RSP], sizeof back);
    add_frame(walk->out, back - 1);
}

static void set_blocked(int how, sigset_t *before)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof bad_signals / sizeof *bad_signals; i++)
        sigaddset(&set, bad_signals[i]);
    sigprocmask(how, &set, before);
}

static void guarded(struct walk *walk)
{
    sigjmp_buf back;
    guard = &back;
    if (sigsetjmp(back, 0) == 0)
        unwind(walk);
    else
        set_blocked(SIG_UNBLOCK, NULL); /* the handler that it comes from has blocked one */
    guard = NULL;
}

void frames_recover(void)
{
    sigjmp_buf *back = guard;
    guard = NULL;
    if (back != NULL)
        siglongjmp(*back, 1);
}

void frames_caller(struct frames *out, const void *return_address)
{
    out->count = 0;
    out->len = 0;
    add_frame(out, (uintptr_t)return_address - 1);
}

void frames_chain(struct frames *out)
{
    struct walk walk = {.out = out, .max = FRAMES_MAX};
    out->count = 0;
    out->len = 0;
    guarded(&walk);
}

void frames_crash(struct frames *out, const ucontext_t *state)
{
    struct walk walk = {.out = out, .state = state, .max = FRAMES_CRASH_MAX};
    sigset_t before;
    out->count = 0;
    out->len = 0;
    walk.pc = (uintptr_t)state->uc_mcontext.gregs[REG_RIP];
    set_blocked(SIG_UNBLOCK, &before);
    guarded(&walk);
    sigprocmask(SIG_SETMASK, &before, NULL);
}

void frames_warm(void)
{
    struct frames ignored;
    frames_chain(&ignored);
}

void frames_put(struct frame_writer *event, const struct frames *frames)
{
    if (frames->count > 0)
        frame_put_text(event, EV_FRAMES, frames->text);
}
