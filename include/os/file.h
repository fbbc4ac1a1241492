/* SPDX-License-Identifier: ISC */
/*
 * Files read whole, files written so that a crash leaves the old or the new
 * one, and the checks that a file with a secret must pass.
 * Source: open(2), fsync(2), rename(2). Thread: any. All errors set errno.
 */
#ifndef OS_FILE_H
#define OS_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/units.h"

enum file_trust {
	FILE_PUBLIC, /* any regular file */
	FILE_SECRET, /* ours or root's, and no right for group or others */
};

/*
 * Reads a regular file of at most size bytes. Returns its length. -1 with
 * errno: the system's, EFTYPE-like EINVAL (not a regular file), EFBIG, or
 * EPERM (FILE_SECRET: owner or mode too open).
 */
MUST_USE ssize_t file_read(
    const char *path, enum file_trust trust, void *buf, size_t size);

/*
 * Writes path whole: new file beside it with the mode, fsync, rename, fsync
 * of the folder. -1 with errno; then the old file is untouched (but if it is
 * the folder that could not be flushed, the new one is in its place).
 */
MUST_USE int file_write(
    const char *path, const void *data, size_t len, mode_t mode);

/* Makes a folder (and its parents) with the mode if it is missing. */
MUST_USE int file_make_dir(const char *path, mode_t mode);

#endif
