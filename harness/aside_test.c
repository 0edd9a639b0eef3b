/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "aside.h"

#include <pthread.h>
#include <stdbool.h>

struct work {
    int times;
    pthread_t by;
};

static void note(void *data)
{
    struct work *work = data;
    work->times++;
    work->by = pthread_self();
}

static struct aside *start(void)
{
    cpu_set_t cores;
    assert_int_equal(sched_getaffinity(0, sizeof cores, &cores), 0);
    return aside_new(&cores);
}

static void test_aside__works_in_a_thread_of_its_own(void **state)
{
    struct aside *aside = start();
    struct work work = {0};
    (void)state;
    assert_non_null(aside);
    aside_wait(aside); /* there is nothing yet */
    for (int i = 1; i <= 100; i++) {
        aside_start(aside, note, &work);
        aside_wait(aside);
        assert_int_equal(work.times, i);
    }
    assert_false(pthread_equal(work.by, pthread_self()));
    aside_wait(aside);
    aside_free(aside);
}

static void test_aside__an_order_waits_for_the_one_before(void **state)
{
    struct aside *aside = start();
    struct work work = {0};
    (void)state;
    for (int i = 0; i < 100; i++)
        aside_start(aside, note, &work);
    aside_wait(aside);
    assert_int_equal(work.times, 100);
    aside_free(aside);
}

static void test_aside__its_end_waits_for_the_work(void **state)
{
    struct aside *aside = start();
    struct work work = {0};
    (void)state;
    aside_start(aside, note, &work);
    aside_free(aside);
    assert_int_equal(work.times, 1);
}

static void test_aside__without_a_thread_the_caller_works(void **state)
{
    struct work work = {0};
    (void)state;
    aside_start(NULL, note, &work);
    assert_int_equal(work.times, 1);
    assert_true(pthread_equal(work.by, pthread_self()));
    aside_wait(NULL);
    aside_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_aside__works_in_a_thread_of_its_own),
        cmocka_unit_test(test_aside__an_order_waits_for_the_one_before),
        cmocka_unit_test(test_aside__its_end_waits_for_the_work),
        cmocka_unit_test(test_aside__without_a_thread_the_caller_works),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
