/* SPDX-License-Identifier: ISC */
/*
 * The system's service manager, as a table: where the file that describes
 * our service comes from and goes to, and which commands make of it a service.
 * Linux: systemctl(1), systemd.unit(5), supervisor_systemd.c.
 * macOS: launchctl(1), launchd.plist(5), supervisor_launchd.c.
 * What the commands do to the machine is the business of daemon/service.
 */
#ifndef OS_SUPERVISOR_H
#define OS_SUPERVISOR_H

#include <sys/types.h>

enum {
	SUPERVISOR_STEPS = 4, /* of one verb, at most */
	SUPERVISOR_WORDS = 5, /* of one step, at most, with the NULL */
	SUPERVISOR_LIST = 8,  /* of the other lists, with the NULL */
};

enum supervisor_verb {
	SUPERVISOR_INSTALL,   /* the file has been put in place */
	SUPERVISOR_UNINSTALL, /* it is about to be removed */
	SUPERVISOR_FORGET,    /* it has been removed */
	SUPERVISOR_START,
	SUPERVISOR_STOP,
	SUPERVISOR_VERB_COUNT
};

/* What the exit code of a step means. */
enum supervisor_duty {
	SUPERVISOR_MUST,   /* 0, or the verb has failed */
	SUPERVISOR_MAY,    /* nothing; the command is kept quiet */
	SUPERVISOR_UNLESS, /* 0: the next step is left out; quiet */
	SUPERVISOR_GONE,   /* run again until it is not 0; quiet */
};

/* Words behind the program's name, NULL at the end; none: no step. */
struct supervisor_step {
	enum supervisor_duty duty;
	const char *argv[SUPERVISOR_WORDS];
};

struct supervisor_escape {
	char c;
	const char *text;
};

struct supervisor {
	const char *tools[SUPERVISOR_LIST]; /* the first that is there is run */
	uid_t user;              /* who has to call, and owns the file */
	const char *program;     /* that the service runs */
	const char *source;      /* the file as `make install` left it */
	const char *target;      /* where the service manager looks for it */
	unsigned int gone_ms;    /* how long SUPERVISOR_GONE waits */
	const char *failed_hint; /* what to look at if a step fails */
	const char *log_hint;    /* where the daemon's lines go */

	/* A configuration that is not the default one goes behind `anchor`,
	 * its name between `before` and `after`. */
	const char *const *config;
	const char *anchor, *before, *after;
	struct supervisor_escape escapes[SUPERVISOR_LIST]; /* '\0' ends it */

	/* Folders that the service does not see, and all that it can write to
	 * (none: everything). */
	const char *hidden[SUPERVISOR_LIST];
	const char *writable[SUPERVISOR_LIST];

	struct supervisor_step steps[SUPERVISOR_VERB_COUNT][SUPERVISOR_STEPS];
	/* Removed with the target: what may be left where that was lost. */
	const char *leftovers[SUPERVISOR_LIST];

	/* A command that tells of the service, and how the lines begin that
	 * name its process and its last exit code. */
	const char *status[SUPERVISOR_WORDS];
	const char *pid_key, *exit_key;
};

extern const struct supervisor supervisor_system;

#endif
