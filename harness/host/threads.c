/* SPDX-License-Identifier: Apache-2.0 */
#include "threads.h"
#include "channel.h"
#include "crash.h"

#include <pthread.h>
#include <semaphore.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct worker {
    bool started;
    pid_t id;
    pthread_t thread;
    sem_t wanted, done;
    void (*job)(void *data);
    void *data;
} workers[THREADS_MAX];

static uint32_t chosen; /* 0: the serving thread */

static void wait_for(sem_t *what)
{
    while (sem_wait(what) != 0)
        ;
}

static void *serve(void *argument)
{
    struct worker *worker = argument;
    worker->id = (pid_t)syscall(SYS_gettid);
    channel_set_thread((uint32_t)(worker - workers) + 1);
    crash_watch_thread();
    sem_post(&worker->done);
    for (;;) {
        wait_for(&worker->wanted);
        worker->job(worker->data);
        sem_post(&worker->done);
    }
    return NULL;
}

static bool start(struct worker *worker)
{
    sem_init(&worker->wanted, 0, 0);
    sem_init(&worker->done, 0, 0);
    worker->started = pthread_create(&worker->thread, NULL, serve, worker) == 0;
    if (worker->started)
        wait_for(&worker->done);
    return worker->started;
}

bool threads_start(uint32_t number)
{
    if (number == 0 || number > THREADS_MAX)
        return false;
    struct worker *worker = &workers[number - 1];
    return worker->started || start(worker);
}

bool threads_choose(uint64_t number)
{
    chosen = 0;
    if (number == 0)
        return true;
    if (number > THREADS_MAX || !threads_start((uint32_t)number))
        return false;
    chosen = (uint32_t)number;
    return true;
}

void threads_give(uint32_t number, void (*job)(void *data), void *data)
{
    struct worker *worker = &workers[number - 1];
    worker->job = job;
    worker->data = data;
    sem_post(&worker->wanted);
}

void threads_await(uint32_t number)
{
    wait_for(&workers[number - 1].done);
}

pid_t threads_id(uint32_t number)
{
    return workers[number - 1].id;
}

void threads_run(void (*job)(void *data), void *data)
{
    if (chosen == 0) {
        job(data);
        return;
    }
    threads_give(chosen, job, data);
    threads_await(chosen);
}
