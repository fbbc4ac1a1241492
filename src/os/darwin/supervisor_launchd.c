/* SPDX-License-Identifier: ISC */
#include <stddef.h>

#include "os/defaults.h"
#include "os/supervisor.h"

#define LABEL "org.lansplice.lansplice"
#define SERVICE "system/" LABEL
#define TARGET "/Library/LaunchDaemons/" LABEL ".plist"
#define LOG "/var/log/lansplice.log"

/*
 * bootout returns while the service still stops, and bootstrap then fails with
 * "5: Input/output error"; so there is a wait until print does not know it any
 * more. bootstrap fails in the same way where it is loaded already. There is
 * no enable: it would leave a line in launchd's data base that nothing removes.
 */
const struct supervisor supervisor_system = {
	.tools = { "/bin/launchctl" },
	.program = PREFIX "/sbin/lansplice",
	.source = PREFIX "/share/lansplice/" LABEL ".plist",
	.target = TARGET,
	.gone_ms = 15000, /* more than the plist's ExitTimeOut */
	.failed_hint = "if it was disabled once: sudo launchctl enable " SERVICE
		       ", and allow it in System Settings, Login Items",
	.log_hint = "its log: " LOG,

	/* XML 1.0, section 2.4 */
	.config = &defaults_config_path,
	.anchor = "<string>run</string>",
	.before = "\n\t\t<string>-c</string>\n\t\t<string>",
	.after = "</string>",
	.escapes = { { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" } },

	.steps = {
		[SUPERVISOR_INSTALL] = {
			{ SUPERVISOR_MAY, { "bootout", SERVICE } },
			{ SUPERVISOR_GONE, { "print", SERVICE } },
			{ SUPERVISOR_MUST, { "bootstrap", "system", TARGET } },
			{ SUPERVISOR_MUST, { "kickstart", SERVICE } },
		},
		[SUPERVISOR_UNINSTALL] = {
			{ SUPERVISOR_MAY, { "bootout", SERVICE } },
			{ SUPERVISOR_GONE, { "print", SERVICE } },
		},
		[SUPERVISOR_START] = {
			{ SUPERVISOR_UNLESS, { "print", SERVICE } },
			{ SUPERVISOR_MUST, { "bootstrap", "system", TARGET } },
			{ SUPERVISOR_MUST, { "kickstart", SERVICE } },
		},
		[SUPERVISOR_STOP] = {
			{ SUPERVISOR_MAY, { "bootout", SERVICE } },
			{ SUPERVISOR_GONE, { "print", SERVICE } },
		},
	},
	/* launchd makes the log, newsyslog the numbered ones (launchd/
	 * newsyslog.conf keeps three). */
	.leftovers = { LOG, LOG ".0", LOG ".1", LOG ".2" },

	.status = { "print", SERVICE },
	.pid_key = "pid = ",
	.exit_key = "last exit code = ",
};
