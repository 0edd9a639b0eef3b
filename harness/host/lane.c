/* SPDX-License-Identifier: Apache-2.0 */
#include "lane.h"

#include <pthread.h>

static _Thread_local uint32_t lane;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

uint32_t lane_number(void)
{
    return lane;
}

void lane_enter(uint32_t number)
{
    lane = number;
}

void lanes_lock(void)
{
    pthread_mutex_lock(&lock);
}

void lanes_unlock(void)
{
    pthread_mutex_unlock(&lock);
}
