/* SPDX-License-Identifier: Apache-2.0 */
#include "fault.h"
#include "channel.h"

void fault_arm(struct fault *fault, uint32_t nth, bool from_then_on)
{
    fault->uses = 0;
    fault->fired = false;
    fault->nth = nth;
    fault->from_then_on = from_then_on;
}

void fault_fires(void)
{
    /* Keeps the compiler from folding the call away. */
    __asm__ volatile("");
}

bool fault_now(struct fault *fault)
{
    uint32_t use = ++fault->uses;
    if (fault->nth == 0 || (fault->from_then_on ? use < fault->nth : use != fault->nth))
        return false;
    if (!atomic_exchange(&fault->fired, true)) {
        struct frame_writer *event = channel_event(EVENT_FAULT);
        frame_put_text(event, EV_FUNCTION, fault->function);
        frame_put_uint(event, EV_NTH, use);
        channel_send(event);
    }
    fault_fires();
    return true;
}
