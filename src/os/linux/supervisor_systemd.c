/* SPDX-License-Identifier: ISC */
#include <stddef.h>

#include "os/defaults.h"
#include "os/supervisor.h"

#define UNIT "lansplice.service"
#define UNITS "/etc/systemd/system"

const struct supervisor supervisor_system = {
	.tools = { "/usr/bin/systemctl", "/bin/systemctl" },
	.program = PREFIX "/sbin/lansplice",
	.source = PREFIX "/share/lansplice/" UNIT,
	.target = UNITS "/" UNIT,
	.failed_hint = "journalctl -u lansplice may tell more",
	.log_hint = "its log: journalctl -u lansplice",

	/* systemd.service(5), COMMAND LINES; systemd.unit(5), SPECIFIERS */
	.config = &defaults_config_path,
	.anchor = "/sbin/lansplice run",
	.before = " -c \"",
	.after = "\"",
	.escapes = {
		{ '\\', "\\\\" },
		{ '"', "\\\"" },
		{ '%', "%%" },
		{ '$', "$$" },
	},

	/* ProtectHome, PrivateTmp, StateDirectory and ReadWritePaths of the
	 * unit. */
	.hidden = { "/home", "/root", "/run/user", "/tmp", "/var/tmp" },
	.writable = { "/var/lib/lansplice", "/run", "/var/run" },

	/* `enable --now` would leave one that runs as it is, with the old
	 * file; restart starts it in either case. stop fails also where there
	 * is nothing to stop, so is-active tells. */
	.steps = {
		[SUPERVISOR_INSTALL] = {
			{ SUPERVISOR_MUST, { "daemon-reload" } },
			{ SUPERVISOR_MUST, { "enable", UNIT } },
			{ SUPERVISOR_MUST, { "restart", UNIT } },
		},
		[SUPERVISOR_UNINSTALL] = {
			{ SUPERVISOR_MAY, { "stop", UNIT } },
			{ SUPERVISOR_GONE, { "is-active", UNIT } },
			{ SUPERVISOR_MAY, { "disable", UNIT } },
		},
		[SUPERVISOR_FORGET] = {
			{ SUPERVISOR_MUST, { "daemon-reload" } },
			{ SUPERVISOR_MAY, { "reset-failed", UNIT } },
		},
		[SUPERVISOR_START] = { { SUPERVISOR_MUST, { "start", UNIT } } },
		[SUPERVISOR_STOP] = { { SUPERVISOR_MUST, { "stop", UNIT } } },
	},
	.leftovers = { UNITS "/multi-user.target.wants/" UNIT },

	.status = { "show", "--property=MainPID,ExecMainStatus", UNIT },
	.pid_key = "MainPID=",
	.exit_key = "ExecMainStatus=",
};
