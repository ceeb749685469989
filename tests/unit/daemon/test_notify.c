// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_notify.c - what the service manager hears
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "notify.h"
#include "test.h"

static int manager = -1;
static char path[] = "/tmp/gksm_notify_XXXXXX";

static int listen_to_daemon(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	(void)state;
	close(mkstemp(path));
	unlink(path);
	strcpy(address.sun_path, path);
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return bind(manager, (struct sockaddr *)&address, sizeof(address));
}

static int stop_listening(void **state)
{
	(void)state;
	close(manager);
	return unlink(path);
}

static const char *heard(void)
{
	static char text[512];
	ssize_t len = recv(manager, text, sizeof(text) - 1, 0);

	text[len > 0 ? len : 0] = '\0';
	return text;
}

static void watch_for(const char *microseconds)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", getpid());
	setenv("NOTIFY_SOCKET", path, 1);
	setenv("WATCHDOG_PID", pid, 1);
	if (microseconds)
		setenv("WATCHDOG_USEC", microseconds, 1);
	else
		unsetenv("WATCHDOG_USEC");
}

static void nobody_is_told_if_nobody_listens(void **state)
{
	struct gksm_notify notify;

	(void)state;
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	gksm_notify_init(&notify);
	assert_int_equal(notify.interval_ms, -1);
	assert_false(gksm_notify_is_due(&notify));
	gksm_notify_ready(&notify);
	assert_string_equal(heard(), "");
}

static void the_states_are_told(void **state)
{
	struct gksm_notify notify;

	(void)state;
	watch_for(NULL);
	gksm_notify_init(&notify);
	assert_false(notify.watchdog);
	gksm_notify_ready(&notify);
	assert_string_equal(heard(), "READY=1");
	gksm_notify_reloading(&notify);
	assert_non_null(strstr(heard(), "RELOADING=1\nMONOTONIC_USEC="));
	gksm_notify_alive(&notify, "all is well");
	assert_string_equal(heard(), "STATUS=all is well");
	gksm_notify_stopping(&notify);
	assert_string_equal(heard(), "STOPPING=1");
}

static void the_watchdog_is_fed_twice_as_often_as_it_needs(void **state)
{
	struct gksm_notify notify;

	(void)state;
	watch_for("3000000");
	gksm_notify_init(&notify);
	assert_int_equal(notify.interval_ms, 1500);
	assert_true(gksm_notify_is_due(&notify));
	assert_false(gksm_notify_is_due(&notify));
	gksm_notify_alive(&notify, "busy");
	assert_string_equal(heard(), "WATCHDOG=1\nSTATUS=busy");
}

static void a_patient_watchdog_does_not_slow_the_status(void **state)
{
	struct gksm_notify notify;

	(void)state;
	watch_for("3600000000");
	gksm_notify_init(&notify);
	assert_true(notify.watchdog);
	assert_int_equal(notify.interval_ms, 10000);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_is_told_if_nobody_listens),
		cmocka_unit_test(the_states_are_told),
		cmocka_unit_test(
			the_watchdog_is_fed_twice_as_often_as_it_needs),
		cmocka_unit_test(a_patient_watchdog_does_not_slow_the_status),
	};

	return cmocka_run_group_tests(tests, listen_to_daemon, stop_listening);
}
