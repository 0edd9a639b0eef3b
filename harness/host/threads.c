/* SPDX-License-Identifier: Apache-2.0 */
#include "threads.h"

#include <pthread.h>
#include <semaphore.h>
#include <stddef.h>

static struct worker {
    bool started;
    pthread_t thread;
    sem_t wanted, done;
    void (*job)(void *data);
    void *data;
} workers[THREADS_MAX];

static struct worker *chosen; /* NULL: the serving thread */

static void *serve(void *argument)
{
    struct worker *worker = argument;
    for (;;) {
        while (sem_wait(&worker->wanted) != 0)
            ;
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
    return worker->started;
}

bool threads_choose(uint64_t number)
{
    chosen = NULL;
    if (number == 0)
        return true;
    if (number > THREADS_MAX)
        return false;
    struct worker *worker = &workers[number - 1];
    if (!worker->started && !start(worker))
        return false;
    chosen = worker;
    return true;
}

void threads_run(void (*job)(void *data), void *data)
{
    if (chosen == NULL) {
        job(data);
        return;
    }
    chosen->job = job;
    chosen->data = data;
    sem_post(&chosen->wanted);
    while (sem_wait(&chosen->done) != 0)
        ;
}
