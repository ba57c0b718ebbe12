// SPDX-License-Identifier: MIT
/* Machines come, are used and go: one at a time, two in two threads, refused where driver code runs. */
#include "tests/unit/sched_test.h"
#include <errno.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/timer.h>

static void create_use_destroy(void **state)
{
	struct dmasim_machine *a, *b;

	(void)state;
	assert_null(dmasim_machine_current());
	begin("pc");
	a = m;
	b = dmasim_machine_create("pc,report=none,summary=off");
	assert_non_null(b);
	assert_ptr_equal(dmasim_machine_current(), a); /* only the first becomes current */
	dmasim_run_for(1000);
	assert_ptr_equal(dmasim_machine_use(b), a);
	assert_int_equal(dmasim_now(), 0);
	assert_ptr_equal(dmasim_machine_use(NULL), b);
	assert_null(dmasim_machine_current());
	assert_null(dmasim_machine_use(a));
	assert_int_equal(dmasim_now(), 1000);
	assert_int_equal(dmasim_machine_destroy(b), 0); /* not the current one */
	assert_ptr_equal(dmasim_machine_current(), a);
	assert_int_equal(dmasim_machine_destroy(b), -EINVAL);
	assert_ptr_equal(dmasim_machine_use(b), a); /* refused: nothing changes */
	assert_ptr_equal(dmasim_machine_current(), a);
	assert_int_equal(dmasim_machine_destroy(NULL), 0);
	assert_int_equal(dmasim_machine_destroy(a), 0);
	assert_null(dmasim_machine_current());
}

static void bad_specs_say_why(void **state)
{
	(void)state;
	assert_null(dmasim_machine_create_abi("pc", DMASIM_ABI + 1));
	assert_int_equal(errno, EINVAL);
	assert_non_null(strstr(dmasim_last_error(), "another libdmasim"));
	assert_null(dmasim_machine_create("nonsense"));
	assert_int_equal(errno, EINVAL);
	assert_non_null(strstr(dmasim_last_error(), "worst"));
	assert_null(dmasim_machine_create("pc,colour=,,=,ram=0"));
	assert_int_equal(errno, EINVAL);
	assert_null(dmasim_machine_current());
}

static void calls_without_a_machine_do_nothing(void **state)
{
	DECLARE_COMPLETION(c);

	(void)state;
	dmasim_run_for(10);
	dmasim_after(10, (void (*)(void *))abort, NULL);
	assert_int_equal(dmasim_now(), 0);
	assert_int_equal(dmasim_check_leaks(), 0);
	assert_non_null(strstr(dmasim_last_error(), "machine"));
	assert_int_equal(dmasim_choice("x", 5), 0);
	complete(&c);
	wait_for_completion(&c);
	msleep(5);
	schedule();
	assert_int_equal(dmasim_fail_call("kmalloc", 1), -ENODEV);
	assert_string_equal(get_current()->comm, "none");
}

/* ---- refused ---- */

static int refused;

static void destroys_in_event(void *arg)
{
	refused += dmasim_machine_destroy(arg) == -EBUSY;
}

static void destroys_in_timer(struct timer_list *timer)
{
	(void)timer;
	refused += dmasim_machine_destroy(m) == -EBUSY;
}

static int destroys_in_task(void *data)
{
	refused += dmasim_machine_destroy(data) == -EBUSY;
	assert_ptr_equal(dmasim_machine_use(NULL), m);
	assert_ptr_equal(dmasim_machine_current(), m);
	return 0;
}

static void destroy_is_refused_from_inside(void **state)
{
	DEFINE_TIMER(timer, destroys_in_timer);

	(void)state;
	begin("pc");
	refused = 0;
	dmasim_after(100, destroys_in_event, m);
	dmasim_run_for(1000);
	assert_int_equal(refused, 1);
	expect("destroy-in-driver", 1);
	mod_timer(&timer, jiffies + 1);
	msleep(20);
	assert_int_equal(refused, 2);
	expect("destroy-in-driver", 1);
	kthread_run(destroys_in_task, m, "destroyer");
	msleep(1);
	assert_int_equal(refused, 3);
	expect("destroy-in-driver", 1);
	k_callback_enter(m, "probe of dad0");
	assert_int_equal(dmasim_machine_destroy(m), -EBUSY);
	k_callback_exit(m);
	expect("destroy-in-driver", 1);
	k_hardirq_enter(m, "irq 5 (test)");
	assert_int_equal(dmasim_machine_destroy(m), -EBUSY);
	k_hardirq_exit(m);
	expect("destroy-in-driver", 1);
	end();
}

/* ---- threads ---- */

static int counts(void *data)
{
	unsigned int *n = data;

	while (!kthread_should_stop()) {
		++*n;
		msleep(1);
	}
	return 0;
}

static void *lives_a_life(void *arg)
{
	unsigned long seed = (unsigned long)arg;
	u64 sum = 0;

	for (int i = 0; i < 5; i++) {
		struct dmasim_machine *own;
		unsigned int n = 0;
		char spec[80];

		snprintf(spec, sizeof(spec), "pc,seed=%lu,report=none,summary=off", seed);
		own = dmasim_machine_create(spec);
		if (!own || dmasim_machine_current() != own)
			return NULL;
		kthread_run(counts, &n, "counts");
		msleep(50);
		sum += n * 1000 + dmasim_choice("test", 1000);
		if (dmasim_machine_destroy(own))
			return NULL;
	}
	return (void *)(uintptr_t)sum;
}

static void machines_in_two_threads_are_independent(void **state)
{
	pthread_t a, b;
	void *ra, *rb;

	(void)state;
	pthread_create(&a, NULL, lives_a_life, (void *)7UL);
	pthread_create(&b, NULL, lives_a_life, (void *)7UL);
	pthread_join(a, &ra);
	pthread_join(b, &rb);
	assert_non_null(ra);
	assert_ptr_equal(ra, rb);
}

static struct dmasim_machine *shared;
static int turns;

static void *takes_turns(void *arg)
{
	(void)arg;
	for (int i = 0; i < 100; i++) {
		dmasim_machine_use(shared);
		turns++; /* nobody else holds the machine */
		dmasim_run_for(10);
		dmasim_machine_use(NULL);
	}
	dmasim_machine_use(shared); /* held at the thread's end: let go then */
	return NULL;
}

static void one_machine_in_two_threads_is_taken_in_turns(void **state)
{
	pthread_t a, b;

	(void)state;
	begin("pc");
	shared = m;
	dmasim_machine_use(NULL);
	turns = 0;
	pthread_create(&a, NULL, takes_turns, NULL);
	pthread_create(&b, NULL, takes_turns, NULL);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	dmasim_machine_use(shared);
	assert_int_equal(turns, 200);
	assert_int_equal(dmasim_now(), 2000);
	end();
}

static pthread_barrier_t barrier;

static void *holds(void *arg)
{
	dmasim_machine_use(arg);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	return NULL;
}

static void a_machine_that_another_thread_holds_is_not_destroyed(void **state)
{
	struct dmasim_machine *own;
	pthread_t t;

	(void)state;
	begin("pc");
	own = m;
	dmasim_machine_use(NULL);
	pthread_barrier_init(&barrier, NULL, 2);
	pthread_create(&t, NULL, holds, own);
	pthread_barrier_wait(&barrier);
	assert_int_equal(dmasim_machine_destroy(own), -EBUSY);
	pthread_barrier_wait(&barrier);
	pthread_join(t, NULL);
	assert_int_equal(dmasim_machine_destroy(own), 0);
}

/* ---- the end of a test that cannot go on ---- */

static void stops_with_99(void **state)
{
	DECLARE_COMPLETION(never);
	int status;
	pid_t child;

	(void)state;
	child = fork();
	if (child == 0) {
		if (!freopen("/dev/null", "w", stderr))
			_exit(1);
		if (!dmasim_machine_create("pc,report=none,summary=off"))
			_exit(2);
		wait_for_completion(&never);
		_exit(3);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 99);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(create_use_destroy),
		cmocka_unit_test(bad_specs_say_why),
		cmocka_unit_test(calls_without_a_machine_do_nothing),
		cmocka_unit_test(destroy_is_refused_from_inside),
		cmocka_unit_test(machines_in_two_threads_are_independent),
		cmocka_unit_test(one_machine_in_two_threads_is_taken_in_turns),
		cmocka_unit_test(a_machine_that_another_thread_holds_is_not_destroyed),
		cmocka_unit_test(stops_with_99),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
