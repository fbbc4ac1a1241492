/* SPDX-License-Identifier: ISC */
/*
 * What libconfig must not see, found before it reads the text: version 1.5
 * takes 4294967297 for 1 and 08 for 8 in silence, cuts strings at \x00, and
 * ends the process on an @include of a folder.
 * Source: libconfig's manual, "Configuration Files"; its scanner.l.
 * Thread: any. Memory: nothing is kept.
 */
#ifndef DAEMON_CONF_SCAN_H
#define DAEMON_CONF_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "core/units.h"

enum {
	CONF_SCAN_NAME_MAX = 32, /* with its NUL; longer names are cut */
};

struct conf_scan_fault {
	unsigned int line;
	char name[CONF_SCAN_NAME_MAX]; /* the name before it; may be empty */
	const char *reason;            /* static text */
	const char *allowed;           /* static text */
};

/* True if len bytes of text are safe for libconfig; else *fault tells why. */
MUST_USE bool conf_scan(
    const char *text, size_t len, struct conf_scan_fault *fault);

#endif
