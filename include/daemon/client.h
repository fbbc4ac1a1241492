/* SPDX-License-Identifier: ISC */
/*
 * The command line's side of the control socket (daemon/ctl.h).
 * Thread: the command's only one; blocks, at most CLIENT_TIMEOUT.
 */
#ifndef DAEMON_CLIENT_H
#define DAEMON_CLIENT_H

#include "core/units.h"

enum { CLIENT_TIMEOUT = 10 }; /* s without a byte */

/*
 * Sends a request and prints the answer on standard output. Returns the exit
 * code: 0; 1 after one log line (no daemon there, it refused, it did not
 * answer); EX_NOPERM (77) without the right to open the socket.
 */
MUST_USE int client_request(const char *socket_path, const char *request);

#endif
