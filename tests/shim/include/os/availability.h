/* SPDX-License-Identifier: ISC */
/*
 * Stand-in for the SDK's <os/availability.h>: which macOS has a function.
 * What the daemon calls is in macOS 11.0, the oldest that it is built for, so
 * nothing is to be said here.
 * Source: MacOSX SDK usr/include/os/availability.h, which defines API_AVAILABLE
 * in line 97 and, for compilers without the attribute, empty in line 148.
 */
#ifndef SHIM_OS_AVAILABILITY_H
#define SHIM_OS_AVAILABILITY_H

#define API_AVAILABLE(...)
#define API_DEPRECATED(...)
#define API_UNAVAILABLE(...)

#endif
