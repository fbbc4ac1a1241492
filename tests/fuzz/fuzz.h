/* SPDX-License-Identifier: ISC */
/*
 * What all fuzz targets share. A target is one file with one function,
 * LLVMFuzzerTestOneInput, which libFuzzer calls with inputs of its own
 * (`make fuzz`) and replay.c with the files of a corpus (`make test`). Same
 * input, same run: no clock, no random bytes but those of fuzz_random.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 0; an input that breaks a promise ends the process. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* True where core is linked to suite_open.c, which takes everything for
 * authentic, and false with the true ciphers. */
extern const bool fuzz_is_open;

/* What is left of an input. */
struct fuzz_input {
	const uint8_t *at;
	size_t left;
};

/* Zeros come after the end. */
uint8_t fuzz_u8(struct fuzz_input *in);
uint16_t fuzz_u16(struct fuzz_input *in);
uint32_t fuzz_u32(struct fuzz_input *in);
/* Up to len bytes into out, the rest zeros. Returns how many there were. */
size_t fuzz_bytes(struct fuzz_input *in, uint8_t *out, size_t len);

/* A copy of exactly that size (1 if it is 0), so that a sanitizer sees a byte
 * read too many; the caller frees it. NULL is a copy of zeros. */
void *fuzz_copy(const uint8_t *data, size_t len);
/* The same with a NUL behind it. */
char *fuzz_text(const uint8_t *data, size_t len);

/* splitmix64 */
uint64_t fuzz_next(uint64_t *state);
void fuzz_random(uint64_t *state, uint8_t *out, size_t len);

/* A file of a folder that is removed at the end: writes it, with the mode, and
 * returns its path. len bytes; NULL: there is to be no such file. */
const char *fuzz_file(
    const char *name, const uint8_t *data, size_t len, unsigned int mode);

/* In the place of write(2) in the log: looks at the line and drops it. The
 * last line is kept. */
extern char fuzz_log[];

#define FUZZ_CHECK(x) ((x) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #x))
_Noreturn void fuzz_fail(const char *file, int line, const char *what);

#endif
