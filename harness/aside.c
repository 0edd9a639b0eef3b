/* SPDX-License-Identifier: Apache-2.0 */
#include "aside.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

struct aside {
    pthread_t thread;
    sem_t asked, done;
    void (*work)(void *data); /* NULL: end */
    void *data;
    bool busy;
};

static void await(sem_t *semaphore)
{
    while (sem_wait(semaphore) != 0 && errno == EINTR)
        continue;
}

static void *run(void *data)
{
    struct aside *aside = data;
    for (;;) {
        await(&aside->asked);
        if (aside->work == NULL)
            return NULL;
        aside->work(aside->data);
        sem_post(&aside->done);
    }
}

/* Signals are the runner's: the thread inherits that none reaches it. */
static bool start_thread(struct aside *aside, const cpu_set_t *cores)
{
    sigset_t all, before;
    pthread_attr_t attributes;
    sigfillset(&all);
    pthread_attr_init(&attributes);
    pthread_attr_setaffinity_np(&attributes, sizeof *cores, cores);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool ok = pthread_create(&aside->thread, &attributes, run, aside) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return ok;
}

struct aside *aside_new(const cpu_set_t *cores)
{
    struct aside *aside = calloc(1, sizeof *aside);
    if (aside == NULL)
        return NULL;
    sem_init(&aside->asked, 0, 0);
    sem_init(&aside->done, 0, 0);
    if (!start_thread(aside, cores)) {
        free(aside);
        return NULL;
    }
    return aside;
}

void aside_wait(struct aside *aside)
{
    if (aside == NULL || !aside->busy)
        return;
    await(&aside->done);
    aside->busy = false;
}

void aside_start(struct aside *aside, void (*work)(void *data), void *data)
{
    if (aside == NULL) {
        work(data);
        return;
    }
    aside_wait(aside);
    aside->work = work;
    aside->data = data;
    aside->busy = true;
    sem_post(&aside->asked);
}

void aside_free(struct aside *aside)
{
    if (aside == NULL)
        return;
    aside_wait(aside);
    aside->work = NULL;
    sem_post(&aside->asked);
    pthread_join(aside->thread, NULL);
    sem_destroy(&aside->asked);
    sem_destroy(&aside->done);
    free(aside);
}
