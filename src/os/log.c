/* SPDX-License-Identifier: ISC */
#include "os/log.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/units.h"

static const char *const log_names[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARN] = "warning",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};
_Static_assert(ARRAY_LEN(log_names) == LOG_LEVEL_COUNT, "a name each");

static atomic_int log_level = LOG_LEVEL_INFO;

/* What a peer or a file put into a line must not end it or steer a
 * terminal. */
static void
log_clean(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		const unsigned char c = (unsigned char)text[i];

		if (c < ' ' || c == 0x7f)
			text[i] = '?';
	}
}

/* Length of what snprintf wrote into size bytes. */
static size_t
log_written(int n, size_t size)
{
	return n < 0 ? 0 : size_min((size_t)n, size - 1);
}

static void __attribute__((format(printf, 2, 0)))
log_line(enum log_level level, const char *fmt, va_list args)
{
	const int error = errno;
	char line[LOG_LINE_MAX];
	size_t len;

	if ((int)level > atomic_load_explicit(&log_level, memory_order_relaxed))
		return;
	len = log_written(
	    snprintf(line, sizeof(line), "lansplice: %s: ", log_names[level]),
	    sizeof(line));
	errno = error; /* for %m */
	len += log_written(vsnprintf(line + len, sizeof(line) - len, fmt, args),
	    sizeof(line) - len);
	log_clean(line, len);
	line[len++] = '\n'; /* in place of the NUL */
	while (write(STDERR_FILENO, line, len) == -1 && errno == EINTR)
		continue;
	errno = error;
}

void
log_set_level(enum log_level level)
{
	atomic_store_explicit(&log_level, (int)level, memory_order_relaxed);
}

int
log_level_from_name(const char *name)
{
	for (int i = 0; i < LOG_LEVEL_COUNT; i++)
		if (strcmp(name, log_names[i]) == 0)
			return i;
	return -1;
}

void
log_error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_line(LOG_LEVEL_ERROR, fmt, args);
	va_end(args);
}

void
log_warn(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_line(LOG_LEVEL_WARN, fmt, args);
	va_end(args);
}

void
log_info(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_line(LOG_LEVEL_INFO, fmt, args);
	va_end(args);
}

void
log_debug(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_line(LOG_LEVEL_DEBUG, fmt, args);
	va_end(args);
}

bool
log_limit_allows(struct log_limit *l, uint64_t mono_ns, unsigned int burst,
    uint64_t interval_ns)
{
	assert(interval_ns != 0);
	const uint64_t back = (mono_ns - l->since_ns) / interval_ns;

	if (back >= l->used) {
		*l = (struct log_limit){ .since_ns = mono_ns };
	} else {
		l->used -= (unsigned int)back;
		l->since_ns += back * interval_ns;
	}
	if (l->used >= burst)
		return false;
	l->used++;
	return true;
}
