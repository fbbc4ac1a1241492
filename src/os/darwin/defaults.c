/* SPDX-License-Identifier: ISC */
#include "os/defaults.h"

/* PREFIX comes from the Makefile: Homebrew's differs between machines. */
const char *const defaults_config_path = PREFIX "/etc/lansplice/lansplice.conf";
const char *const defaults_state_dir = "/var/db/lansplice";
const char *const defaults_netif_type = "vmnet";
