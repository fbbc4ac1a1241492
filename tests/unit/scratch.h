/* SPDX-License-Identifier: ISC */
/*
 * A folder of its own for a test that makes files: set-up makes it the
 * working directory, tear-down removes it with all that is in it.
 */
#ifndef UNIT_SCRATCH_H
#define UNIT_SCRATCH_H

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char scratch_dir[PATH_MAX];
static int scratch_home = -1;

static inline int
scratch_remove_one(
    const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline int
scratch_enter(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	(void)snprintf(scratch_dir, sizeof(scratch_dir), "%s/lansplice-XXXXXX",
	    tmp == NULL ? "/tmp" : tmp);
	scratch_home = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (scratch_home == -1 || mkdtemp(scratch_dir) == NULL)
		return -1;
	return chdir(scratch_dir);
}

static inline int
scratch_leave(void **state)
{
	(void)state;
	if (fchdir(scratch_home) != 0 || close(scratch_home) != 0)
		return -1;
	return nftw(scratch_dir, scratch_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

#endif
