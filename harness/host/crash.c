/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing here allocates or takes a lock for good: the process may be in any state. */
#include "crash.h"
#include "caller.h"
#include "channel.h"
#include "context.h"
#include "frames.h"
#include "ledger.h"
#include "modules.h"
#include "objects.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define STACK_BYTES  65536
#define WRITE_ACCESS 2 /* bit of a page fault's error code (Intel SDM, volume 3, 4.7) */

static bool put_object(struct frame_writer *event, uintptr_t address)
{
    size_t index;
    const struct object *object = objects_locate(address, &index);
    if (object == NULL)
        return false;
    frame_put_text(event, EV_INPUT, object->name);
    frame_put_text(event, EV_STATE, index == SIZE_MAX ? "gone" : "live");
    frame_put_uint(event, EV_OFFSET, (uint64_t)(address - (uintptr_t)object->region.data));
    frame_put_uint(event, EV_IN_STEP, object->step);
    return true;
}

static bool put_context(struct frame_writer *event, uintptr_t address)
{
    int64_t offset;
    uint32_t id = context_locate(address, &offset);
    if (id >= HOST_CONTEXTS_MAX)
        return false;
    frame_put_uint(event, EV_CONTEXT, id);
    frame_put_text(event, EV_STATE, context_get(id) != NULL ? "live" : "gone");
    frame_put_uint(event, EV_OFFSET, (uint64_t)offset);
    return true;
}

static bool put_block(struct frame_writer *event, uintptr_t address)
{
    struct ledger_fact fact = ledger_locate(address);
    if (fact.block == 0)
        return false;
    frame_put_uint(event, EV_BLOCK, fact.block);
    frame_put_text(event, EV_STATE, fact.state == LEDGER_FREED ? "freed" : "live");
    frame_put_uint(event, EV_OFFSET, (uint64_t)fact.offset);
    frame_put_uint(event, EV_SIZE, fact.size);
    frame_put_uint(event, EV_IN_STEP, fact.step);
    return true;
}

static void put_address(struct frame_writer *event, uintptr_t address)
{
    frame_put_uint(event, EV_ADDRESS, address);
    size_t before = event->len;
    size_t mark = frame_open(event, EV_WHAT);
    if (put_object(event, address) || put_context(event, address) || put_block(event, address))
        frame_close(event, mark);
    else
        event->len = before;
}

static void report(int signal, const siginfo_t *info, const ucontext_t *state,
                   const struct frames *frames)
{
    struct frame_writer *event = channel_last_event(EVENT_CRASH);
    frame_put_uint(event, EV_SIGNAL, (uint64_t)signal);
    if (caller_entry() != NULL)
        frame_put_text(event, EV_ENTRY, caller_entry());
    modules_put_location(event, (uintptr_t)state->uc_mcontext.gregs[REG_RIP]);
    /* Only the kernel's own signals carry an address, and of what is none at all it knows none. */
    if ((signal == SIGSEGV || signal == SIGBUS) && info->si_code > 0 &&
        info->si_code != SI_KERNEL) {
        bool written = (state->uc_mcontext.gregs[REG_ERR] & WRITE_ACCESS) != 0;
        frame_put_text(event, EV_ACCESS, written ? "write" : "read");
        put_address(event, (uintptr_t)info->si_addr);
    }
    frames_put(event, frames);
    channel_send_last(event);
}

static _Atomic pid_t reporter; /* the thread that crashed first; 0: none */

/* One crash is told; a thread that crashes meanwhile waits for the end, which comes at once.  A
 * second crash of the thread that tells ends the process, since its signal is blocked or known. */
static void on_crash(int signal, siginfo_t *info, void *state)
{
    struct sigaction normal = {.sa_handler = SIG_DFL};
    struct frames frames;
    frames_recover();
    pid_t self = (pid_t)syscall(SYS_gettid), other = 0;
    bool first = atomic_compare_exchange_strong(&reporter, &other, self);
    while (!first && other != self)
        pause();
    if (first) {
        frames_crash(&frames, state);
        report(signal, info, state, &frames);
    }
    /* Not before: another thread's crash would end the process before this one was told. */
    sigaction(signal, &normal, NULL);
    raise(signal);
}

void crash_watch_thread(void)
{
    void *memory =
        mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    stack_t stack = {.ss_sp = memory, .ss_size = STACK_BYTES};
    if (memory != MAP_FAILED)
        sigaltstack(&stack, NULL);
}

void crash_watch(void)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS};
    crash_watch_thread();
    struct sigaction action = {.sa_sigaction = on_crash, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &action, NULL);
}
