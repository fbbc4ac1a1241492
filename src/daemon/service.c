/* SPDX-License-Identifier: ISC */
#include "daemon/service.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "core/units.h"
#include "daemon/conf.h"
#include "os/defaults.h"
#include "os/file.h"
#include "os/log.h"

enum {
	SERVICE_MODE = 0644, /* launchd refuses files that others can write */
	SERVICE_EXIT_TEXT = 40, /* characters shown of a last exit code */
};

/* What a command writes. */
enum service_output {
	SERVICE_QUIET, /* is dropped */
	SERVICE_LOUD,  /* comes out of our standard error */
	SERVICE_KEPT,  /* its standard output is read, the rest dropped */
};

/* One thing to do, with what it is done to. */
struct service {
	const struct supervisor *s;
	const char *tool;   /* the first of s->tools that is there */
	const char *config; /* as it was named */
};

/* The exit code for an errno. */
static int
service_failure(int error)
{
	return error == EACCES || error == EPERM ? EX_NOPERM : EXIT_FAILURE;
}

/* Commands. */

static int
service_add_actions(
    posix_spawn_file_actions_t *a, enum service_output output, int out_fd)
{
	const int in = posix_spawn_file_actions_addopen(
	    a, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	int out, err = 0;

	if (output == SERVICE_QUIET)
		out = posix_spawn_file_actions_addopen(
		    a, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	else
		out =
		    posix_spawn_file_actions_adddup2(a, out_fd, STDOUT_FILENO);
	if (output != SERVICE_LOUD)
		err = posix_spawn_file_actions_addopen(
		    a, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	return in != 0 ? in : out != 0 ? out : err;
}

/* Starts the tool with these words: no shell, and none of the caller's
 * environment, of which sudo lets much through. -1 with errno. */
static int
service_spawn(const struct service *sv, const char *const *words,
    enum service_output output, int out_fd, pid_t *pid)
{
	static char path[] = "PATH=/usr/bin:/bin:/usr/sbin:/sbin";
	static char locale[] = "LC_ALL=C";
	char *env[] = { path, locale, NULL };
	char *argv[SUPERVISOR_WORDS + 1] = { NULL };
	posix_spawn_file_actions_t actions;

	/* posix_spawn changes none of the words; its type is older than const,
	 * which these copies lose. */
	memcpy(&argv[0], &sv->tool, sizeof(argv[0]));
	for (size_t i = 0; i < SUPERVISOR_WORDS && words[i] != NULL; i++)
		memcpy(&argv[i + 1], &words[i], sizeof(argv[0]));
	errno = posix_spawn_file_actions_init(&actions);
	if (errno != 0)
		return -1;
	int error = service_add_actions(&actions, output, out_fd);
	if (error == 0)
		error = posix_spawn(pid, sv->tool, &actions, NULL, argv, env);
	(void)posix_spawn_file_actions_destroy(&actions);
	errno = error;
	return error == 0 ? 0 : -1;
}

/* The status of waitpid(2); -1 with errno. */
static int
service_wait(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) == -1) {
		if (errno != EINTR)
			return -1;
	}
	return status;
}

static int
service_call(const struct service *sv, const char *const *words,
    enum service_output output)
{
	pid_t pid;

	if (service_spawn(sv, words, output, STDERR_FILENO, &pid) != 0)
		return -1;
	return service_wait(pid);
}

/* One log line about a command that has not ended with 0. */
static void
service_tell(const struct service *sv, const char *const *words, int status)
{
	if (status == -1)
		log_error("%s %s: %s", sv->tool, words[0], strerror(errno));
	else if (WIFSIGNALED(status))
		log_error("%s %s: ended by signal %d (%s)", sv->tool, words[0],
		    WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		log_error("%s %s: failed with exit code %d", sv->tool, words[0],
		    WEXITSTATUS(status));
}

/* Runs a command until it ends badly, which is what is hoped for. */
static bool
service_wait_gone(const struct service *sv, const char *const *words)
{
	const struct timespec pause = { .tv_nsec = SERVICE_GONE_MS * 1000000L };
	unsigned int waited_ms = 0;
	int status;

	while ((status = service_call(sv, words, SERVICE_QUIET)) == 0 &&
	    waited_ms < sv->s->gone_ms) {
		(void)nanosleep(&pause, NULL);
		waited_ms += SERVICE_GONE_MS;
	}
	if (status == 0)
		log_error("the service does not stop");
	else if (status == -1)
		service_tell(sv, words, status);
	return status != 0 && status != -1;
}

/* Sets *skip where the step says that the next one is not needed. */
static bool
service_step(
    const struct service *sv, const struct supervisor_step *step, bool *skip)
{
	int status;

	*skip = false;
	if (step->duty == SUPERVISOR_GONE)
		return service_wait_gone(sv, step->argv);
	status = service_call(sv, step->argv,
	    step->duty == SUPERVISOR_MUST ? SERVICE_LOUD : SERVICE_QUIET);
	if (step->duty == SUPERVISOR_UNLESS)
		*skip = status == 0;
	if (step->duty != SUPERVISOR_MUST || status == 0)
		return true;
	service_tell(sv, step->argv, status);
	return false;
}

/* All steps of a verb, up to the first that fails. */
static bool
service_steps(const struct service *sv, enum supervisor_verb verb)
{
	bool skip = false;

	for (size_t i = 0; i < SUPERVISOR_STEPS; i++) {
		const struct supervisor_step *step = &sv->s->steps[verb][i];

		if (step->argv[0] == NULL)
			break;
		if (skip)
			skip = false;
		else if (!service_step(sv, step, &skip))
			return false;
	}
	return true;
}

/* The file. */

static void
service_put_escaped(
    FILE *to, const struct supervisor *s, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		const struct supervisor_escape *e = s->escapes;

		while (e->c != '\0' && e->c != text[i])
			e++;
		if (e->c == '\0')
			(void)fputc(text[i], to);
		else
			(void)fputs(e->text, to);
	}
}

static bool
service_has_control(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < ' ' || *text == '\x7f')
			return true;
	}
	return false;
}

/* The folder that a relative name of the configuration starts from; "" for
 * an absolute one. -1 with errno. */
static int
service_config_dir(const char *config, char dir[static PATH_MAX])
{
	dir[0] = '\0';
	if (config[0] == '/')
		return 0;
	return getcwd(dir, PATH_MAX) == NULL ? -1 : 0;
}

/* Writes the file's text with the configuration's name in it. */
static void
service_put_file(FILE *to, const struct service *sv, const char *dir,
    const char *text, const char *place)
{
	const struct supervisor *s = sv->s;

	(void)fwrite(text, 1, (size_t)(place - text), to);
	if (strcmp(sv->config, *s->config) != 0) {
		(void)fputs(s->before, to);
		service_put_escaped(to, s, dir, strlen(dir));
		if (dir[0] != '\0')
			(void)fputc('/', to);
		service_put_escaped(to, s, sv->config, strlen(sv->config));
		(void)fputs(s->after, to);
	}
	(void)fputs(place, to);
}

/* Makes the text of the target from that of the source. Returns an exit code
 * after a log line; 0: *out is the caller's to free. */
static int
service_make_file(
    const struct service *sv, const char *source, char **out, size_t *len)
{
	const struct supervisor *s = sv->s;
	const char *place = strstr(source, s->anchor);
	char dir[PATH_MAX];
	FILE *to;

	if (place == NULL) {
		log_error("%s: not as lansplice comes with it; allowed: what "
			  "`make install` puts there",
		    s->source);
		return EXIT_FAILURE;
	}
	if (service_config_dir(sv->config, dir) != 0 ||
	    (to = open_memstream(out, len)) == NULL) {
		log_error("%s: %s", sv->config, strerror(errno));
		return EXIT_FAILURE;
	}
	if (service_has_control(sv->config) || service_has_control(dir)) {
		(void)fclose(to);
		free(*out);
		log_error("the configuration's path has a control character");
		return EX_CONFIG;
	}
	service_put_file(to, sv, dir, source, place + strlen(s->anchor));
	const bool whole = ferror(to) == 0;
	if (fclose(to) == 0 && whole)
		return 0;
	free(*out);
	log_error("%s: no memory", s->source);
	return EXIT_FAILURE;
}

/* Copies the source to the target. Returns an exit code after a log line. */
static int
service_copy(const struct service *sv)
{
	const struct supervisor *s = sv->s;
	char source[SERVICE_FILE_MAX + 1], *text = NULL;
	size_t text_len = 0;
	const ssize_t len =
	    file_read(s->source, FILE_PUBLIC, source, SERVICE_FILE_MAX);

	if (len < 0) {
		const int error = errno;
		log_error("%s: %s; `make install` puts it there", s->source,
		    strerror(error));
		return service_failure(error);
	}
	source[len] = '\0';
	int status = service_make_file(sv, source, &text, &text_len);
	if (status != 0)
		return status;
	if (file_write(s->target, text, text_len, SERVICE_MODE) != 0) {
		const int error = errno;
		log_error("%s: %s", s->target, strerror(error));
		status = service_failure(error);
	}
	free(text);
	return status;
}

static bool
service_remove_one(const char *path)
{
	if (unlink(path) == 0 || errno == ENOENT || errno == ENOTDIR)
		return true;
	log_error("%s: %s", path, strerror(errno));
	return false;
}

/* Stops the service and removes all there is of it; goes on where something
 * fails. */
static bool
service_remove(const struct service *sv)
{
	const struct supervisor *s = sv->s;
	bool all = service_steps(sv, SUPERVISOR_UNINSTALL);

	all = service_remove_one(s->target) && all;
	for (size_t i = 0; i < SUPERVISOR_LIST && s->leftovers[i] != NULL; i++)
		all = service_remove_one(s->leftovers[i]) && all;
	return service_steps(sv, SUPERVISOR_FORGET) && all;
}

/* What the service could not do later, so that none is installed that dies
 * again and again. */

static bool
service_is_below(const char *path, const char *dir)
{
	const size_t len = strlen(dir);

	return strncmp(path, dir, len) == 0 &&
	    (path[len] == '/' || path[len] == '\0');
}

static bool
service_is_listed(const char *path, const char *const *list)
{
	for (size_t i = 0; i < SUPERVISOR_LIST && list[i] != NULL; i++) {
		if (service_is_below(path, list[i]))
			return true;
	}
	return false;
}

static bool
service_sees(const struct service *sv)
{
	char path[PATH_MAX];

	if (realpath(sv->config, path) == NULL) {
		log_error("%s: %s", sv->config, strerror(errno));
		return false;
	}
	if (!service_is_listed(path, sv->s->hidden))
		return true;
	log_error("%s: hidden from the service, which sees no home and no "
		  "temporary folder; a good place is %s",
	    path, *sv->s->config);
	return false;
}

static bool
service_can_write(const struct service *sv, const char *key, const char *path)
{
	const char *const *list = sv->s->writable;

	if (list[0] == NULL || service_is_listed(path, list))
		return true;
	log_error("%s: %s: the service may not write there; allowed: below "
		  "%s%s%s",
	    key, path, list[0], list[1] == NULL ? "" : " or ",
	    list[1] == NULL ? "" : list[1]);
	return false;
}

/* Checks the configuration as `lansplice check` does. Returns an exit code
 * after a log line. */
static int
service_check_conf(const struct service *sv)
{
	struct conf conf;
	const int status = conf_load(sv->config, &conf);

	if (status != 0)
		return status;
	const bool fits = service_sees(sv) &&
	    service_can_write(sv, "state_dir", conf.state_dir) &&
	    service_can_write(sv, "control.socket", conf.socket);
	conf_free(&conf);
	return fits ? 0 : EX_CONFIG;
}

static bool
service_is_ours(const struct service *sv, const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_uid == sv->s->user &&
	    (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* The program and its folder: who can change them is root at the next start;
 * Homebrew's prefix belongs to a user. */
static int
service_check_program(const struct service *sv)
{
	const char *program = sv->s->program;
	char dir[PATH_MAX];

	if (access(program, X_OK) != 0) {
		const int error = errno;
		log_error("%s: %s; `make install` puts it there", program,
		    strerror(error));
		return service_failure(error);
	}
	(void)snprintf(dir, sizeof(dir), "%.*s",
	    (int)(strrchr(program, '/') - program), program);
	if (!service_is_ours(sv, program) || !service_is_ours(sv, dir))
		log_warn("%s: others than root can change it or its folder, "
			 "and it runs as root",
		    program);
	return 0;
}

/* The verbs; each returns the process's exit code. */

static int
service_install(const struct service *sv)
{
	const struct supervisor *s = sv->s;
	const bool was_there = access(s->target, F_OK) == 0;
	int status = service_check_conf(sv);

	if (status == 0)
		status = service_check_program(sv);
	if (status == 0)
		status = service_copy(sv);
	if (status != 0)
		return status;
	if (service_steps(sv, SUPERVISOR_INSTALL)) {
		printf("installed and started; %s\n", s->log_hint);
		return 0;
	}
	if (was_there)
		log_error("%s is the new one, and does not run; %s", s->target,
		    s->failed_hint);
	else if (service_remove(sv))
		log_error("nothing is left installed; %s", s->failed_hint);
	return EXIT_FAILURE;
}

static int
service_uninstall(const struct service *sv)
{
	const char *config = *sv->s->config;

	if (!service_remove(sv))
		return EXIT_FAILURE;
	printf("uninstalled; keys and configuration in %.*s and state in %s "
	       "stay\n",
	    (int)(strrchr(config, '/') - config), config, defaults_state_dir);
	return 0;
}

static int
service_start(const struct service *sv)
{
	if (access(sv->s->target, F_OK) != 0) {
		log_error("not installed: sudo lansplice service install");
		return EXIT_FAILURE;
	}
	if (!service_steps(sv, SUPERVISOR_START)) {
		log_error("not started; %s", sv->s->failed_hint);
		return EXIT_FAILURE;
	}
	printf("started; %s\n", sv->s->log_hint);
	return 0;
}

static int
service_stop(const struct service *sv)
{
	if (!service_steps(sv, SUPERVISOR_STOP))
		return EXIT_FAILURE;
	printf("stopped, until the next start of the machine or of the "
	       "service\n");
	return 0;
}

/* Standard output of a command, all that fits. */
static void
service_read(int fd, char text[static SERVICE_PRINT_MAX])
{
	char rest[512];
	size_t len = 0;
	ssize_t n;

	do {
		const size_t room = SERVICE_PRINT_MAX - 1 - len;

		n = room > 0 ? read(fd, text + len, room)
			     : read(fd, rest, sizeof(rest));
		if (n > 0 && room > 0)
			len += (size_t)n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	text[len] = '\0';
}

/* Runs the command that tells of the service; its text is empty if it fails,
 * which means that the service manager does not know it. */
static int
service_ask(const struct service *sv, char text[static SERVICE_PRINT_MAX])
{
	int ends[2], status = -1;
	pid_t pid;

	text[0] = '\0';
	if (pipe(ends) != 0)
		return -1;
	/* Between the two calls nobody else starts a process here. */
	if (fcntl(ends[0], F_SETFD, FD_CLOEXEC) == 0 &&
	    fcntl(ends[1], F_SETFD, FD_CLOEXEC) == 0)
		status = service_spawn(
		    sv, sv->s->status, SERVICE_KEPT, ends[1], &pid);
	int error = errno;
	(void)close(ends[1]);
	if (status == 0) {
		service_read(ends[0], text);
		status = service_wait(pid);
		error = errno;
	}
	(void)close(ends[0]);
	if (status != 0)
		text[0] = '\0';
	errno = error;
	return status == -1 ? -1 : 0;
}

/* What stands behind a key at the start of a line; NULL if no line has it. */
static const char *
service_find(const char *text, const char *key)
{
	while (text != NULL) {
		text += strspn(text, " \t\n");
		if (strncmp(text, key, strlen(key)) == 0)
			return text + strlen(key);
		text = strchr(text, '\n');
	}
	return NULL;
}

static int
service_status(const struct service *sv)
{
	const struct supervisor *s = sv->s;
	const bool installed = access(s->target, F_OK) == 0;
	char text[SERVICE_PRINT_MAX];

	if (service_ask(sv, text) != 0) {
		service_tell(sv, s->status, -1);
		return EXIT_FAILURE;
	}
	const char *pid = service_find(text, s->pid_key);
	const char *code = service_find(text, s->exit_key);
	const long number = pid == NULL ? 0 : strtol(pid, NULL, 10);

	if (number > 0 && installed)
		printf("installed, running (pid %ld)\n", number);
	else if (number > 0)
		printf("running (pid %ld), but %s is missing\n", number,
		    s->target);
	else if (!installed)
		printf("not installed\n");
	else if (code == NULL)
		printf("installed, not running\n");
	else
		printf("installed, not running; last exit code %.*s\n",
		    (int)size_min(strcspn(code, "\n"), SERVICE_EXIT_TEXT),
		    code);
	return number > 0 ? 0 : EXIT_FAILURE;
}

static const struct service_verb {
	const char *name;
	bool takes_config;
	bool needs_user; /* anyone may look */
	int (*run)(const struct service *sv);
} service_verbs[] = {
	{ "install", true, true, service_install },
	{ "uninstall", false, true, service_uninstall },
	{ "start", false, true, service_start },
	{ "stop", false, true, service_stop },
	{ "status", false, false, service_status },
};

static const struct service_verb *
service_find_verb(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(service_verbs); i++) {
		if (strcmp(service_verbs[i].name, name) == 0)
			return &service_verbs[i];
	}
	return NULL;
}

static const char *
service_find_tool(const struct supervisor *s)
{
	for (size_t i = 0; i < SUPERVISOR_LIST && s->tools[i] != NULL; i++) {
		if (access(s->tools[i], X_OK) == 0)
			return s->tools[i];
	}
	log_error("no %s on this machine: start `lansplice run` by the service "
		  "manager that it has",
	    s->tools[0]);
	return NULL;
}

bool
service_knows(const char *verb, bool has_config)
{
	const struct service_verb *v = service_find_verb(verb);

	return v != NULL && (v->takes_config || !has_config);
}

int
service_run(const struct supervisor *s, const char *verb, const char *config)
{
	const struct service_verb *v = service_find_verb(verb);
	struct service sv = { .s = s, .config = config };

	if (v->needs_user && geteuid() != s->user) {
		log_error("service %s takes root: sudo lansplice service %s",
		    verb, verb);
		return EX_NOPERM;
	}
	sv.tool = service_find_tool(s);
	return sv.tool == NULL ? EXIT_FAILURE : v->run(&sv);
}
