/* SPDX-License-Identifier: ISC */
/*
 * One line per edge to standard error: "lansplice: level: text".
 * Source: the shape of OpenBSD's log.c. errno is kept over every call.
 * Control characters are written as '?'.
 * Thread: any; a line is one write(2). A log_limit is its owner's.
 */
#ifndef OS_LOG_H
#define OS_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
	LOG_LEVEL_COUNT
};

enum {
	LOG_LINE_MAX = 1024, /* bytes of a line; what is longer is cut */
};

#define LOG_PRINTF __attribute__((format(printf, 1, 2)))

/* Lines above this level are left out. The default is LOG_LEVEL_INFO. */
void log_set_level(enum log_level level);

/* The level named "error", "warning", "info" or "debug"; -1 if none is. */
int log_level_from_name(const char *name);

void log_error(const char *fmt, ...) LOG_PRINTF;
void log_warn(const char *fmt, ...) LOG_PRINTF;
void log_info(const char *fmt, ...) LOG_PRINTF;
void log_debug(const char *fmt, ...) LOG_PRINTF;

/* At most burst lines, one more each interval_ns; zero it before first use. */
struct log_limit {
	uint64_t since_ns;
	unsigned int used;
};

/* True if a line may be written now. */
bool log_limit_allows(struct log_limit *l, uint64_t mono_ns, unsigned int burst,
    uint64_t interval_ns);

#endif
