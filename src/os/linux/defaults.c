/* SPDX-License-Identifier: ISC */
#include "os/defaults.h"

const char *const defaults_config_path = "/etc/lansplice/lansplice.conf";
const char *const defaults_state_dir = "/var/lib/lansplice";
const char *const defaults_netif_type = "tap";
