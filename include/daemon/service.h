/* SPDX-License-Identifier: ISC */
/*
 * lansplice as a service of the system: installed, started, stopped, looked
 * at and removed through its service manager (os/supervisor.h).
 * Source: lansplice(8), SERVICE. Thread: the command line's only one.
 */
#ifndef DAEMON_SERVICE_H
#define DAEMON_SERVICE_H

#include <stdbool.h>

#include "os/supervisor.h"

enum {
	SERVICE_FILE_MAX = 16384,  /* bytes of a plist or unit; ours have 3 K */
	SERVICE_PRINT_MAX = 65536, /* bytes read of a command that tells */
	SERVICE_GONE_MS = 100,     /* from one look to the next */
};

/* Whether there is such a verb, and whether -c FILE means something to it. */
bool service_knows(const char *verb, bool has_config);

/*
 * Does what the verb, which must be known, says, with the configuration of
 * that name. Returns the process's exit code after one line on standard output
 * (done) or log lines (not): 0, 1, EX_NOPERM (77: not the user it takes), and
 * for install what conf_load returns.
 */
int service_run(
    const struct supervisor *s, const char *verb, const char *config);

#endif
