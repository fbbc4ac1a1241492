/* SPDX-License-Identifier: ISC */
/* Says that core is linked to its own suite.c. */
#include "fuzz.h"

const bool fuzz_is_open = false;
