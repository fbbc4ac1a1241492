/* SPDX-License-Identifier: ISC */
/*
 * Runs a fuzz target over files, and over the files in folders, in the order
 * of their names, and names each first: a corpus as a test, without libFuzzer.
 *   NAME FILE|FOLDER...
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/units.h"
#include "fuzz.h"

enum {
	INPUT_MAX = 1 << 20, /* bytes of a file */
	PATH_LEN = 4096,
};

static unsigned int runs;

static int
run_file(const char *path)
{
	static uint8_t buf[INPUT_MAX];
	FILE *f = fopen(path, "rb");

	if (f == NULL) {
		perror(path);
		return 1;
	}
	const size_t len = fread(buf, 1, sizeof(buf), f);
	(void)fclose(f);
	uint8_t *copy = fuzz_copy(buf, len);
	(void)fprintf(stderr, "%s\n", path); /* the last one is the culprit */
	(void)LLVMFuzzerTestOneInput(copy, len);
	free(copy);
	runs++;
	return 0;
}

static int
run_folder(const char *path)
{
	struct dirent **names;
	const int count = scandir(path, &names, NULL, alphasort);
	char file[PATH_LEN];
	int failed = 0;

	if (count < 0)
		return run_file(path);
	for (int i = 0; i < count; i++) {
		if (names[i]->d_name[0] != '.' &&
		    snprintf(file, sizeof(file), "%s/%s", path,
			names[i]->d_name) < (int)sizeof(file))
			failed |= run_file(file);
		free(names[i]);
	}
	free((void *)names);
	return failed;
}

int
main(int argc, char **argv)
{
	int failed = 0;

	for (int i = 1; i < argc; i++)
		failed |= run_folder(argv[i]);
	if (runs == 0) {
		(void)fprintf(stderr, "nothing to run\n");
		return EXIT_FAILURE;
	}
	(void)printf("%u inputs\n", runs);
	return failed;
}
