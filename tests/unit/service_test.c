/* SPDX-License-Identifier: ISC */
/*
 * The steps of each verb run a script that behaves like launchctl where it
 * matters, writes down what it is asked, and fails where a file tells it to.
 * The places are in a scratch folder: nothing of this machine is touched.
 */
#include "daemon/service.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <cmocka.h>
#include <sodium.h>

#include "capture.h"
#include "core/units.h"
#include "os/file.h"
#include "scratch.h"

#define KEY "fWpcAADXBjg+kPdhrrgxkYerfVgEB1Hopu+HpOHXjDM=\n"
#define CONF                                                                   \
	"private_key_file = \"%s/private.key\";\n"                             \
	"interface = { address = \"10.9.0.1/24\"; };\n"                        \
	"state_dir = \"%s\"; control = { socket = \"%s/sock\"; };\n"

/* What `bootstrap` starts, `bootout` stops (at once, or after as many looks
 * as `slow` says) and `print` knows. */
static const char script[] =
    "#!/bin/sh\n"
    "cd \"${0%/*}\" || exit 99\n"
    "echo \"$*\" >>log\n"
    "env >env\n"
    "echo \"says $1\" >&2\n"
    "if [ -f \"fail-$1\" ]; then\n"
    "	read -r code <\"fail-$1\"\n"
    "	[ \"$code\" != kill ] || kill -KILL $$\n"
    "	exit \"$code\"\n"
    "fi\n"
    "case $1 in\n"
    "bootstrap) [ ! -f known ] || exit 5; : >known ;;\n"
    "bootout) [ -f known ] || exit 3; [ -f slow ] || rm known ;;\n"
    "print)\n"
    "	[ -f known ] || exit 113\n"
    "	[ ! -f out ] || cat out\n"
    "	[ -f slow ] || exit 0\n"
    "	read -r n <slow\n"
    "	echo $((n - 1)) >slow\n"
    "	[ \"$n\" -gt 1 ] || rm slow known ;;\n"
    "esac\n"
    "exit 0\n";

/* Folders and files, absolute. */
static char dir[PATH_MAX];
static char tool[PATH_MAX], source[PATH_MAX], target[PATH_MAX],
    program[PATH_MAX], config[PATH_MAX], left[PATH_MAX], hidden[PATH_MAX],
    state[PATH_MAX];
static const char *const config_default = config;
static char source_text[512];

static struct supervisor sup;
static struct capture out, err;

/* Of the last run. */
static const char *said, *logged;

static void
put(const char *path, const char *text, mode_t mode)
{
	assert_int_equal(file_write(path, text, strlen(text), mode), 0);
}

static const char *
get(const char *path)
{
	static char text[65536];
	const ssize_t n = file_read(path, FILE_PUBLIC, text, sizeof(text) - 1);

	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static bool
is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static void
put_conf(const char *path, const char *state_dir, const char *sock_dir)
{
	char text[4 * PATH_MAX];

	snprintf(text, sizeof(text), CONF, dir, state_dir, sock_dir);
	put(path, text, 0644);
}

static void
name(char path[static PATH_MAX], const char *file)
{
	char text[PATH_MAX + 64];

	snprintf(text, sizeof(text), "%s/%s", dir, file);
	assert_true(strlen(text) < PATH_MAX);
	memcpy(path, text, strlen(text) + 1);
}

static void
make_supervisor(void)
{
	sup = (struct supervisor){
		.tools = { "/nonexistent/ctl", tool },
		.user = geteuid(),
		.program = program,
		.source = source,
		.target = target,
		.gone_ms = 60000,
		.failed_hint = "a hint",
		.log_hint = "a log",
		.config = &config_default,
		/* of the system's table, as is what follows from it */
		.anchor = supervisor_system.anchor,
		.before = supervisor_system.before,
		.after = supervisor_system.after,
		.hidden = { hidden },
		.writable = { state },
		.steps = {
			[SUPERVISOR_INSTALL] = {
				{ SUPERVISOR_MAY, { "bootout", "me" } },
				{ SUPERVISOR_GONE, { "print", "me" } },
				{ SUPERVISOR_MUST,
				    { "bootstrap", "system", "a b" } },
				{ SUPERVISOR_MUST, { "kick", "me" } },
			},
			[SUPERVISOR_UNINSTALL] = {
				{ SUPERVISOR_MAY, { "bootout", "me" } },
				{ SUPERVISOR_GONE, { "print", "me" } },
			},
			[SUPERVISOR_FORGET] = {
				{ SUPERVISOR_MUST, { "reload" } },
			},
			[SUPERVISOR_START] = {
				{ SUPERVISOR_UNLESS, { "print", "me" } },
				{ SUPERVISOR_MUST, { "bootstrap", "system" } },
				{ SUPERVISOR_MUST, { "kick", "me" } },
			},
			[SUPERVISOR_STOP] = {
				{ SUPERVISOR_MUST, { "halt", "me" } },
			},
		},
		.leftovers = { left },
		.status = { "print", "me" },
		.pid_key = supervisor_system.pid_key,
		.exit_key = supervisor_system.exit_key,
	};
	memcpy(sup.escapes, supervisor_system.escapes, sizeof(sup.escapes));
}

static int
setup(void **unused)
{
	char text[PATH_MAX];

	if (scratch_enter(unused) != 0 || getcwd(dir, sizeof(dir)) == NULL)
		return -1;
	name(tool, "ctl");
	name(source, "source");
	name(target, "units/target");
	name(program, "sbin/lansplice");
	name(config, "lansplice.conf");
	name(left, "left");
	name(hidden, "hidden");
	name(state, "state");
	make_supervisor();
	snprintf(
	    source_text, sizeof(source_text), "one\n%s\ntwo\n", sup.anchor);
	name(text, "units");
	if (mkdir(text, 0755) != 0 || mkdir("sbin", 0755) != 0 ||
	    mkdir(hidden, 0755) != 0)
		return -1;
	put(tool, script, 0755);
	put(source, source_text, 0644);
	put(program, "x", 0755);
	put("private.key", KEY, 0600);
	put_conf(config, state, state);
	return 0;
}

/* What a verb does, says and logs. */
static int
run(const char *verb, const char *conf)
{
	(void)unlink("log");
	capture_open(&out, STDOUT_FILENO);
	capture_open(&err, STDERR_FILENO);
	const int status = service_run(&sup, verb, conf);
	said = capture_close(&out);
	logged = capture_close(&err);
	return status;
}

static void
assert_has(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", part, text);
}

static void
assert_said(const char *part)
{
	assert_int_equal(capture_lines(said), 1);
	assert_has(said, part);
}

static void
assert_mode(const char *path, mode_t mode)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	assert_int_equal(st.st_mode & (mode_t)07777, mode);
	assert_int_equal(st.st_uid, geteuid());
}

static void
test_verbs(void **unused)
{
	static const struct {
		const char *verb;
		bool known, with_config;
	} cases[] = {
		{ "install", true, true },
		{ "uninstall", true, false },
		{ "start", true, false },
		{ "stop", true, false },
		{ "status", true, false },
		{ "restart", false, false },
		{ "inst", false, false },
		{ "installs", false, false },
		{ "", false, false },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(
		    service_knows(cases[i].verb, false), cases[i].known);
		assert_int_equal(
		    service_knows(cases[i].verb, true), cases[i].with_config);
	}
}

static void
test_install(void **unused)
{
	const mode_t before = umask(077);

	(void)unused;
	assert_int_equal(setenv("LANSPLICE_LEAK", "x", 1), 0);
	assert_int_equal(run("install", config), 0);
	umask(before);
	assert_int_equal(unsetenv("LANSPLICE_LEAK"), 0);
	assert_said("installed and started; a log");
	assert_string_equal(get(target), source_text);
	assert_mode(target, 0644);
	assert_string_equal(get("log"),
	    "bootout me\nprint me\nbootstrap system a b\nkick me\n");
	/* quiet ones are quiet, what matters is passed on */
	assert_string_equal(logged, "says bootstrap\nsays kick\n");
	assert_null(strstr(get("env"), "LANSPLICE_LEAK"));
	assert_has(get("env"), "LC_ALL=C\n");
	assert_false(is_there("units/target.new"));

	/* once more, over one that runs and takes its time to stop */
	put("slow", "3\n", 0644);
	put("source", sup.anchor, 0644);
	assert_int_equal(run("install", config), 0);
	assert_string_equal(get(target), sup.anchor);
	assert_string_equal(get("log"),
	    "bootout me\nprint me\nprint me\nprint me\nprint me\n"
	    "bootstrap system a b\nkick me\n");
}

/* Spaces, and every character that a plist or a unit reads in its own way. */
static void
test_install_with_config(void **unused)
{
	static const char file[] = "a b&c<d>e\"f'g%h$i\\j.conf";
	const bool is_xml = sup.anchor[0] == '<';
	char path[PATH_MAX], want[3 * PATH_MAX];

	(void)unused;
	name(path, file);
	put_conf(path, state, state);
	snprintf(want, sizeof(want), "one\n%s%s%s/%s%s\ntwo\n", sup.anchor,
	    is_xml ? "\n\t\t<string>-c</string>\n\t\t<string>" : " -c \"", dir,
	    is_xml ? "a b&amp;c&lt;d&gt;e\"f'g%h$i\\j.conf"
		   : "a b&c<d>e\\\"f'g%%h$$i\\\\j.conf",
	    is_xml ? "</string>" : "\"");
	assert_int_equal(run("install", path), 0);
	assert_string_equal(get(target), want);
	/* the same file by a relative name */
	assert_int_equal(run("install", file), 0);
	assert_string_equal(get(target), want);
	/* and back to the default one */
	assert_int_equal(run("install", config), 0);
	assert_string_equal(get(target), source_text);
}

static void
test_install_refuses_control_characters(void **unused)
{
	(void)unused;
	put_conf("a\nb", state, state);
	assert_int_equal(run("install", "a\nb"), EX_CONFIG);
	assert_has(logged, "control character");
	assert_false(is_there(target));
}

/* No service is installed that would die at once. */
static void
test_install_checks_config(void **unused)
{
	char path[PATH_MAX];

	(void)unused;
	put(config, "colour = 1;\n", 0644);
	assert_int_equal(run("install", config), EX_CONFIG);
	assert_has(logged, "colour");
	assert_int_equal(capture_lines(logged), 1);
	name(path, "none.conf");
	assert_int_equal(run("install", path), EX_CONFIG);
	assert_int_equal(capture_lines(logged), 1);
	put_conf(config, state, state);
	put("private.key", KEY, 0644);
	assert_int_equal(run("install", config), EX_CONFIG);
	assert_has(logged, "private.key");
	assert_false(is_there(target));
	assert_false(is_there("log")); /* nothing was run */
}

/* What the unit's sandbox would not let it have. */
static void
test_install_checks_sandbox(void **unused)
{
	char path[PATH_MAX], link_path[PATH_MAX];

	(void)unused;
	name(path, "hidden/a.conf");
	put_conf(path, state, state);
	assert_int_equal(run("install", path), EX_CONFIG);
	assert_has(logged, "hidden from the service");
	name(link_path, "link.conf");
	assert_int_equal(symlink(path, link_path), 0);
	assert_int_equal(run("install", link_path), EX_CONFIG);
	name(path, "hiddenness.conf"); /* another place */
	put_conf(path, state, state);
	assert_int_equal(run("install", path), 0);

	put_conf(config, dir, state);
	assert_int_equal(run("install", config), EX_CONFIG);
	assert_has(logged, "state_dir: ");
	put_conf(config, state, dir);
	assert_int_equal(run("install", config), EX_CONFIG);
	assert_has(logged, "control.socket: ");
	sup.writable[0] = NULL;
	assert_int_equal(run("install", config), 0);
}

static void
test_install_without_its_files(void **unused)
{
	(void)unused;
	assert_int_equal(unlink(source), 0);
	assert_int_equal(run("install", config), EXIT_FAILURE);
	assert_has(logged, "make install");
	assert_has(logged, source);

	put(source, "something else\n", 0644);
	assert_int_equal(run("install", config), EXIT_FAILURE);
	assert_has(logged, "not as lansplice comes with it");

	put(source, source_text, 0644);
	assert_int_equal(unlink(program), 0);
	assert_int_equal(run("install", config), EXIT_FAILURE);
	assert_has(logged, program);
	assert_false(is_there(target));
	assert_false(is_there("log"));
}

static void
test_install_without_the_folder(void **unused)
{
	(void)unused;
	assert_int_equal(rmdir("units"), 0);
	assert_int_equal(run("install", config), EXIT_FAILURE);
	assert_has(logged, target);
	assert_has(logged, "No such file");
	assert_false(is_there("log"));
}

static void
test_unwritable_folder(void **unused)
{
	(void)unused;
	if (geteuid() == 0)
		skip();
	assert_int_equal(run("install", config), 0);
	assert_int_equal(chmod("units", 0555), 0);
	assert_int_equal(run("install", config), EX_NOPERM);
	assert_has(logged, target);
	assert_int_equal(run("uninstall", config), EXIT_FAILURE);
	assert_has(logged, target);
	assert_int_equal(chmod("units", 0755), 0);
	assert_string_equal(get(target), source_text);
}

static void
test_warns_of_open_program(void **unused)
{
	(void)unused;
	assert_int_equal(run("install", config), 0);
	assert_null(strstr(logged, "others than root"));
	assert_int_equal(chmod("sbin", 0777), 0);
	assert_int_equal(run("install", config), 0);
	assert_has(logged, "others than root");
	assert_int_equal(chmod("sbin", 0755), 0);
	assert_int_equal(chmod(program, 0757), 0);
	assert_int_equal(run("install", config), 0);
	assert_has(logged, "others than root");
	assert_int_equal(chmod(program, 0755), 0);
	if (geteuid() != 0)
		return;
	assert_int_equal(chown(program, 1, (gid_t)-1), 0);
	assert_int_equal(run("install", config), 0);
	assert_has(logged, "others than root");
}

/* Each step that fails, in each way. */
static void
test_steps_fail(void **unused)
{
	static const struct {
		const char *verb, *step, *code, *line;
	} cases[] = {
		{ "install", "bootstrap", "5",
		    "bootstrap: failed with exit "
		    "code 5" },
		{ "install", "kick", "7", "kick: failed with exit code 7" },
		{ "install", "kick", "kill", "kick: ended by signal 9 (" },
		{ "start", "bootstrap", "5", "failed with exit code 5" },
		{ "start", "kick", "1", "kick: failed with exit code 1" },
		{ "stop", "halt", "5", "halt: failed with exit code 5" },
		{ "uninstall", "reload", "1", "reload: failed with exit" },
	};
	char fail[64];

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		(void)unlink("known");
		put(target, "older", 0644);
		snprintf(fail, sizeof(fail), "fail-%s", cases[i].step);
		put(fail, cases[i].code, 0644);
		assert_int_equal(run(cases[i].verb, config), EXIT_FAILURE);
		assert_string_equal(said, "");
		assert_has(logged, cases[i].line);
		assert_has(logged, tool);
		assert_int_equal(unlink(fail), 0);
	}
}

static void
test_failed_install_leaves_nothing(void **unused)
{
	(void)unused;
	put("fail-kick", "1", 0644);
	put(left, "", 0644);
	assert_int_equal(run("install", config), EXIT_FAILURE);
	assert_false(is_there(target));
	assert_false(is_there(left));
	assert_false(is_there("known"));
	assert_has(logged, "nothing is left installed; a hint");
	assert_string_equal(get("log"),
	    "bootout me\nprint me\nbootstrap system a b\nkick me\n"
	    "bootout me\nprint me\nreload\n");

	/* but one that was there stays */
	put(target, "older", 0644);
	assert_int_equal(run("install", config), EXIT_FAILURE);
	assert_string_equal(get(target), source_text);
	assert_has(logged, "does not run; a hint");
	assert_true(is_there("known"));
}

static void
test_tool_that_does_not_run(void **unused)
{
	(void)unused;
	put(tool, "no program", 0755);
	assert_int_equal(run("stop", config), EXIT_FAILURE);
	assert_has(logged, tool);
	assert_int_equal(run("status", config), EXIT_FAILURE);
}

static void
test_uninstall(void **unused)
{
	(void)unused;
	assert_int_equal(run("install", config), 0);
	put(left, "", 0644);
	assert_int_equal(run("uninstall", config), 0);
	assert_said("uninstalled; keys and configuration in ");
	assert_has(said, dir);
	assert_string_equal(get("log"), "bootout me\nprint me\nreload\n");
	assert_false(is_there(target));
	assert_false(is_there(left));
	assert_false(is_there("known"));
	assert_true(is_there(config) && is_there("private.key"));
	assert_true(is_there(source) && is_there(program));
}

/* Half of it, or nothing: every mixture of file, leftover and service. */
static void
test_uninstall_of_halves(void **unused)
{
	(void)unused;
	for (unsigned int mix = 0; mix < 8; mix++) {
		if ((mix & 1u) != 0)
			put(target, source_text, 0644);
		if ((mix & 2u) != 0) /* a link that leads nowhere */
			assert_int_equal(symlink("nowhere", left), 0);
		if ((mix & 4u) != 0)
			put("known", "", 0644);
		assert_int_equal(run("uninstall", config), 0);
		assert_string_equal(logged, "says reload\n");
		assert_false(is_there(target) || is_there(left));
		assert_false(is_there("known"));
	}
	assert_int_equal(rmdir("units"), 0);
	assert_int_equal(run("uninstall", config), 0);
}

static void
test_service_that_stays(void **unused)
{
	(void)unused;
	sup.gone_ms = 0;
	assert_int_equal(run("install", config), 0);
	put("fail-bootout", "36", 0644);
	assert_int_equal(run("uninstall", config), EXIT_FAILURE);
	assert_has(logged, "the service does not stop");
	assert_false(is_there(target)); /* the next boot is without it */
}

static void
test_start_and_stop(void **unused)
{
	(void)unused;
	assert_int_equal(run("start", config), EXIT_FAILURE);
	assert_has(logged, "not installed: sudo lansplice service install");
	assert_false(is_there("log"));

	put(target, source_text, 0644);
	assert_int_equal(run("start", config), 0);
	assert_said("started; a log");
	assert_string_equal(
	    get("log"), "print me\nbootstrap system\nkick me\n");
	/* one that is loaded is not loaded again */
	assert_int_equal(run("start", config), 0);
	assert_string_equal(get("log"), "print me\nkick me\n");
	assert_int_equal(run("stop", config), 0);
	assert_string_equal(get("log"), "halt me\n");
	assert_said("stopped");
	assert_true(is_there(target));
}

static void
test_status(void **unused)
{
	char text[256];

	(void)unused;
	sup.pid_key = "pid = ";
	sup.exit_key = "last exit code = ";
	assert_int_equal(run("status", config), EXIT_FAILURE);
	assert_said("not installed");
	put(target, source_text, 0644);
	assert_int_equal(run("status", config), EXIT_FAILURE);
	assert_string_equal(said, "installed, not running\n");
	put("known", "", 0644);
	put("out", "s = {\n\tstate = x\n\t\n\tlast exit code = 78: EX_CONFIG\n",
	    0644);
	assert_int_equal(run("status", config), EXIT_FAILURE);
	assert_string_equal(
	    said, "installed, not running; last exit code 78: EX_CONFIG\n");
	put("out", "s = {\n\tnot pid = 7\n\tpid = 4711\n}\n", 0644);
	assert_int_equal(run("status", config), 0);
	assert_string_equal(said, "installed, running (pid 4711)\n");
	assert_string_equal(logged, "");
	assert_int_equal(unlink(target), 0);
	assert_int_equal(run("status", config), 0);
	snprintf(text, sizeof(text), "running (pid 4711), but ");
	assert_said(text);
	put("out", "\tpid = 0\n", 0644);
	assert_int_equal(run("status", config), EXIT_FAILURE);
	assert_said("not installed");
}

/* More than is kept: the command must not wait for a reader. */
static void
test_long_status(void **unused)
{
	static char text[2 * SERVICE_PRINT_MAX + 64];
	const unsigned int before = count_descriptors();

	(void)unused;
	sup.pid_key = "pid = ";
	memset(text, 'x', sizeof(text) - 1);
	memcpy(text, "pid = 12\n", 9);
	put(target, source_text, 0644);
	put("known", "", 0644);
	put("out", text, 0644);
	assert_int_equal(run("status", config), 0);
	assert_said("running (pid 12)");
	assert_int_equal(count_descriptors(), before);
}

static void
test_not_root(void **unused)
{
	static const char *const verbs[] = { "install", "uninstall", "start",
		"stop" };

	(void)unused;
	sup.user = geteuid() + 1;
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		assert_int_equal(run(verbs[i], config), EX_NOPERM);
		assert_int_equal(capture_lines(logged), 1);
		assert_has(logged, "sudo lansplice service");
		assert_has(logged, verbs[i]);
	}
	assert_false(is_there("log"));
	assert_int_equal(run("status", config), EXIT_FAILURE); /* anyone may */
	assert_said("not installed");
}

static void
test_no_service_manager(void **unused)
{
	(void)unused;
	sup.tools[1] = NULL;
	assert_int_equal(run("status", config), EXIT_FAILURE);
	assert_int_equal(capture_lines(logged), 1);
	assert_has(logged, "no /nonexistent/ctl on this machine");
	assert_int_equal(run("install", config), EXIT_FAILURE);
	assert_false(is_there(target));
}

/* The system's own table: its steps are whole, and what it names is where
 * lists end. */
static void
test_system_table(void **unused)
{
	const struct supervisor *s = &supervisor_system;

	(void)unused;
	assert_int_equal(s->user, 0);
	assert_null(s->tools[SUPERVISOR_LIST - 1]);
	assert_null(s->hidden[SUPERVISOR_LIST - 1]);
	assert_null(s->leftovers[SUPERVISOR_LIST - 1]);
	assert_int_equal(s->escapes[SUPERVISOR_LIST - 1].c, '\0');
	assert_int_equal(s->target[0], '/');
	assert_non_null(s->status[0]);
	for (size_t i = 0; s->tools[i] != NULL; i++)
		assert_int_equal(s->tools[i][0], '/');
	for (int verb = 0; verb < SUPERVISOR_VERB_COUNT; verb++) {
		assert_true(verb == SUPERVISOR_FORGET ||
		    s->steps[verb][0].argv[0] != NULL);
		for (size_t i = 0; i < SUPERVISOR_STEPS; i++)
			assert_null(
			    s->steps[verb][i].argv[SUPERVISOR_WORDS - 1]);
	}
}

static int
group_setup(void **unused)
{
	(void)unused;
	return sodium_init() < 0 ? -1 : 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, scratch_leave)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verbs),
		TEST(test_install),
		TEST(test_install_with_config),
		TEST(test_install_refuses_control_characters),
		TEST(test_install_checks_config),
		TEST(test_install_checks_sandbox),
		TEST(test_install_without_its_files),
		TEST(test_install_without_the_folder),
		TEST(test_unwritable_folder),
		TEST(test_warns_of_open_program),
		TEST(test_steps_fail),
		TEST(test_failed_install_leaves_nothing),
		TEST(test_tool_that_does_not_run),
		TEST(test_uninstall),
		TEST(test_uninstall_of_halves),
		TEST(test_service_that_stays),
		TEST(test_start_and_stop),
		TEST(test_status),
		TEST(test_long_status),
		TEST(test_not_root),
		TEST(test_no_service_manager),
		cmocka_unit_test(test_system_table),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
