/* SPDX-License-Identifier: ISC */
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool
file_is_private(const struct stat *st)
{
	const bool ours = st->st_uid == geteuid() || st->st_uid == 0;

	return ours && (st->st_mode & (S_IRWXG | S_IRWXO)) == 0;
}

/* Looks at the descriptor, not the path: the file checked is the one read. */
static int
file_check(int fd, enum file_trust trust)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return -1;
	if (!S_ISREG(st.st_mode))
		errno = EINVAL;
	else if (trust == FILE_SECRET && !file_is_private(&st))
		errno = EPERM;
	else
		return 0;
	return -1;
}

/* read(2) until size bytes or the end. */
static ssize_t
file_read_all(int fd, void *buf, size_t size)
{
	size_t len = 0;

	while (len < size) {
		const ssize_t n = read(fd, (char *)buf + len, size - len);

		if (n == 0)
			break;
		if (n > 0)
			len += (size_t)n;
		else if (errno != EINTR)
			return -1;
	}
	return (ssize_t)len;
}

static int
file_write_all(int fd, const void *data, size_t len)
{
	size_t done = 0;

	while (done < len) {
		const ssize_t n =
		    write(fd, (const char *)data + done, len - done);

		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			return -1;
	}
	return 0;
}

/* The folder of path, opened to be flushed. */
static int
file_open_dir(const char *path)
{
	const char *slash = strrchr(path, '/');
	const size_t len = slash == NULL ? 0 : (size_t)(slash - path);
	char dir[PATH_MAX] = ".";

	if (len >= sizeof(dir)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (slash != NULL)
		snprintf(
		    dir, sizeof(dir), "%.*s", len == 0 ? 1 : (int)len, path);
	return open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Writes all of a new file. umask(2) does not count. */
static int
file_write_new(const char *path, const void *data, size_t len, mode_t mode)
{
	const int fd =
	    open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

	if (fd == -1)
		return -1;
	int result = fchmod(fd, mode);
	if (result == 0)
		result = file_write_all(fd, data, len);
	if (result == 0)
		result = fsync(fd);
	const int error = errno;
	if (close(fd) != 0 && result == 0)
		return -1;
	errno = error;
	return result;
}

/* Some file systems do not flush folders and say EINVAL. */
static int
file_flush_dir(int dir)
{
	return fsync(dir) != 0 && errno != EINVAL ? -1 : 0;
}

static int
file_make_one_dir(const char *path, mode_t mode)
{
	struct stat st;

	if (mkdir(path, mode) == 0)
		return 0;
	/* A system may see the read-only disk before the folder, so what
	 * counts is whether it is there. */
	const int error = errno == EEXIST ? ENOTDIR : errno;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return 0;
	errno = error;
	return -1;
}

ssize_t
file_read(const char *path, enum file_trust trust, void *buf, size_t size)
{
	/* O_NONBLOCK: opening a FIFO must not wait for a writer. */
	const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ssize_t len = -1;
	char more;

	if (fd == -1)
		return -1;
	if (file_check(fd, trust) == 0)
		len = file_read_all(fd, buf, size);
	/* The length that fstat tells may be too old, so the end decides. */
	if (len >= 0 && file_read_all(fd, &more, 1) != 0) {
		errno = EFBIG;
		len = -1;
	}
	const int error = errno;
	close(fd);
	errno = error;
	return len;
}

int
file_write(const char *path, const void *data, size_t len, mode_t mode)
{
	char new_path[PATH_MAX];
	const int n = snprintf(new_path, sizeof(new_path), "%s.new", path);
	int result = -1;

	if (n < 0 || (size_t)n >= sizeof(new_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	const int dir = file_open_dir(path);
	if (dir == -1)
		return -1;
	/* One left by a crash; O_EXCL would trip over it, and without O_EXCL
	 * a link of somebody else's could be followed. */
	(void)unlink(new_path);
	if (file_write_new(new_path, data, len, mode) == 0 &&
	    rename(new_path, path) == 0)
		result = file_flush_dir(dir);
	const int error = errno;
	if (result != 0)
		(void)unlink(new_path);
	close(dir);
	errno = error;
	return result;
}

int
file_make_dir(const char *path, mode_t mode)
{
	const size_t len = strlen(path);
	char part[PATH_MAX];

	if (len == 0 || len >= sizeof(part)) {
		errno = len == 0 ? ENOENT : ENAMETOOLONG;
		return -1;
	}
	memcpy(part, path, len + 1);
	for (size_t i = 1; i <= len; i++) {
		if (part[i] != '/' && part[i] != '\0')
			continue;
		part[i] = '\0';
		if (file_make_one_dir(part, mode) != 0)
			return -1;
		part[i] = path[i];
	}
	return 0;
}
