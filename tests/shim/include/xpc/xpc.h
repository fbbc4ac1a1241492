/* SPDX-License-Identifier: ISC */
/*
 * Stand-in for Apple's <xpc/xpc.h>: counted dictionaries and arrays of plain
 * values, tests/shim/xpc.c.
 * Source: an SDK's usr/include/xpc/xpc.h (palera1n/BridgeOS.sdk), line beside
 * each item. What is not here was not needed.
 */
#ifndef SHIM_XPC_XPC_H
#define SHIM_XPC_XPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/* Apple's line 11 is <bsm/audit.h>, whose line 35 is this one; with it come
 * names like NAME_MAX and MIN. */
#include <sys/param.h>

#include <uuid/uuid.h>

/* Lines 46 and 82. */
typedef const struct _xpc_type_s *xpc_type_t;
typedef void *xpc_object_t;

/* Lines 159, 188, 197, 235, 244, 274 and 285: compared by address. */
extern const struct _xpc_type_s _xpc_type_bool, _xpc_type_int64,
    _xpc_type_uint64, _xpc_type_string, _xpc_type_uuid, _xpc_type_array,
    _xpc_type_dictionary;
#define XPC_TYPE_BOOL (&_xpc_type_bool)
#define XPC_TYPE_INT64 (&_xpc_type_int64)
#define XPC_TYPE_UINT64 (&_xpc_type_uint64)
#define XPC_TYPE_STRING (&_xpc_type_string)
#define XPC_TYPE_UUID (&_xpc_type_uuid)
#define XPC_TYPE_ARRAY (&_xpc_type_array)
#define XPC_TYPE_DICTIONARY (&_xpc_type_dictionary)

/* Line 1898: true goes on. */
typedef bool (^xpc_dictionary_applier_t)(const char *key, xpc_object_t value);

/* Lines 380, 405 and 428. */
xpc_object_t xpc_retain(xpc_object_t object);
void xpc_release(xpc_object_t object);
xpc_type_t xpc_get_type(xpc_object_t object);

/* Lines 592, 628, 664, 970 and 1008; 0, NULL of another type. */
bool xpc_bool_get_value(xpc_object_t xbool);
int64_t xpc_int64_get_value(xpc_object_t xint);
uint64_t xpc_uint64_get_value(xpc_object_t xuint);
const char *xpc_string_get_string_ptr(xpc_object_t xstring);
const uint8_t *xpc_uuid_get_bytes(xpc_object_t xuuid);

/* Lines 1935, 2030, 2050 and 2077; create: only (NULL, NULL, 0) here. */
__attribute__((__warn_unused_result__)) xpc_object_t xpc_dictionary_create(
    const char *const *keys, const xpc_object_t *values, size_t count);
xpc_object_t xpc_dictionary_get_value(xpc_object_t xdict, const char *key);
size_t xpc_dictionary_get_count(xpc_object_t xdict);
bool xpc_dictionary_apply(xpc_object_t xdict, xpc_dictionary_applier_t applier);

/* Lines 2122, 2144, 2166, 2258 and 2281. */
void xpc_dictionary_set_bool(xpc_object_t xdict, const char *key, bool value);
void xpc_dictionary_set_int64(
    xpc_object_t xdict, const char *key, int64_t value);
void xpc_dictionary_set_uint64(
    xpc_object_t xdict, const char *key, uint64_t value);
void xpc_dictionary_set_string(
    xpc_object_t xdict, const char *key, const char *string);
void xpc_dictionary_set_uuid(
    xpc_object_t xdict, const char *key, const uuid_t uuid);

/* Lines 2377, 2399, 2421, 2514 and 2536; false, 0, NULL if missing or of
 * another type. */
bool xpc_dictionary_get_bool(xpc_object_t xdict, const char *key);
int64_t xpc_dictionary_get_int64(xpc_object_t xdict, const char *key);
uint64_t xpc_dictionary_get_uint64(xpc_object_t xdict, const char *key);
const char *xpc_dictionary_get_string(xpc_object_t xdict, const char *key);
const uint8_t *xpc_dictionary_get_uuid(xpc_object_t xdict, const char *key);

/* Lines 1188, 1266, 1292, 1328, 1507 and 1751; create: only (NULL, 0),
 * set: only XPC_ARRAY_APPEND here. */
#define XPC_ARRAY_APPEND ((size_t)(-1))
xpc_object_t xpc_array_create(const xpc_object_t *objects, size_t count);
void xpc_array_set_string(
    xpc_object_t xarray, size_t index, const char *string);
size_t xpc_array_get_count(xpc_object_t xarray);
xpc_object_t xpc_array_get_value(xpc_object_t xarray, size_t index);
const char *xpc_array_get_string(xpc_object_t xarray, size_t index);

#endif
