/* SPDX-License-Identifier: ISC */
/*
 * What differs between systems before a configuration is read.
 * Linux: FHS 3.0 (/etc, /var/lib). macOS: hier(7), Homebrew's prefix.
 */
#ifndef OS_DEFAULTS_H
#define OS_DEFAULTS_H

extern const char *const defaults_config_path;
extern const char *const defaults_state_dir;

/* The one value of interface.type that this system has. */
extern const char *const defaults_netif_type;

#endif
