/* SPDX-License-Identifier: ISC */
/*
 * Stand-in for XPC's objects: booleans, numbers, strings, UUIDs, and counted
 * dictionaries and arrays of a few of them.
 * Source: an SDK's usr/include/xpc/xpc.h; an object that is not what a call
 * takes ends a program on a Mac, and here.
 * Thread: an object that several threads use is not changed any more; its
 * count is atomic. What is freed is overwritten first, so that a pointer into
 * it which somebody kept shows.
 */
#include <xpc/xpc.h>

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ENTRIES = 64, /* of a dictionary or an array, at most */
	KEY = 64,     /* bytes, with the NUL */
	POISON = 0xa5,
};

struct _xpc_type_s {
	const char *name;
};

const struct _xpc_type_s _xpc_type_bool = { "bool" };
const struct _xpc_type_s _xpc_type_int64 = { "int64" };
const struct _xpc_type_s _xpc_type_uint64 = { "uint64" };
const struct _xpc_type_s _xpc_type_string = { "string" };
const struct _xpc_type_s _xpc_type_uuid = { "uuid" };
const struct _xpc_type_s _xpc_type_array = { "array" };
const struct _xpc_type_s _xpc_type_dictionary = { "dictionary" };

struct entry {
	char key[KEY];
	xpc_object_t value;
};

struct object {
	xpc_type_t type;
	atomic_uint refs;
	size_t size; /* of all this, in bytes */
	size_t count;
	union {
		bool truth;
		int64_t number;
		uint64_t natural;
		uuid_t uuid;
	} u;
	struct entry *entries;
	char text[]; /* a string */
};

static _Noreturn void
crash(const char *why)
{
	fprintf(stderr, "shim: xpc: %s\n", why);
	abort();
}

static struct object *
create(xpc_type_t type, size_t text)
{
	size_t size = sizeof(struct object) + text;
	struct object *o = calloc(1, size);

	if (o == NULL)
		crash("no memory");
	o->type = type;
	o->size = size;
	atomic_init(&o->refs, 1);
	return o;
}

static struct object *
create_container(xpc_type_t type)
{
	struct object *o = create(type, 0);

	o->entries = calloc(ENTRIES, sizeof(*o->entries));
	if (o->entries == NULL)
		crash("no memory");
	return o;
}

static struct object *
expect(xpc_object_t object, xpc_type_t type)
{
	struct object *o = object;

	if (o == NULL || o->type != type)
		crash(type->name);
	return o;
}

/* The value if it is of the type, else NULL. */
static struct object *
value_of(xpc_object_t object, xpc_type_t type)
{
	struct object *o = object;

	return o != NULL && o->type == type ? o : NULL;
}

xpc_object_t
xpc_retain(xpc_object_t object)
{
	struct object *o = object;

	atomic_fetch_add(&o->refs, 1);
	return object;
}

void
xpc_release(xpc_object_t object)
{
	struct object *o = object;

	if (atomic_fetch_sub(&o->refs, 1) != 1)
		return;
	for (size_t i = 0; o->entries != NULL && i < o->count; i++)
		xpc_release(o->entries[i].value);
	free(o->entries);
	memset(o, POISON, o->size);
	free(o);
}

xpc_type_t
xpc_get_type(xpc_object_t object)
{
	return ((struct object *)object)->type;
}

bool
xpc_bool_get_value(xpc_object_t xbool)
{
	struct object *o = value_of(xbool, XPC_TYPE_BOOL);

	return o != NULL && o->u.truth;
}

int64_t
xpc_int64_get_value(xpc_object_t xint)
{
	struct object *o = value_of(xint, XPC_TYPE_INT64);

	return o != NULL ? o->u.number : 0;
}

uint64_t
xpc_uint64_get_value(xpc_object_t xuint)
{
	struct object *o = value_of(xuint, XPC_TYPE_UINT64);

	return o != NULL ? o->u.natural : 0;
}

const char *
xpc_string_get_string_ptr(xpc_object_t xstring)
{
	struct object *o = value_of(xstring, XPC_TYPE_STRING);

	return o != NULL ? o->text : NULL;
}

const uint8_t *
xpc_uuid_get_bytes(xpc_object_t xuuid)
{
	struct object *o = value_of(xuuid, XPC_TYPE_UUID);

	return o != NULL ? o->u.uuid : NULL;
}

static struct entry *
entry_find(struct object *o, const char *key)
{
	for (size_t i = 0; i < o->count; i++) {
		if (strcmp(o->entries[i].key, key) == 0)
			return &o->entries[i];
	}
	return NULL;
}

static struct entry *
entry_add(struct object *o, const char *key)
{
	if (o->count == ENTRIES || strlen(key) >= KEY)
		crash("a container is too small");

	struct entry *e = &o->entries[o->count++];

	memcpy(e->key, key, strlen(key) + 1);
	return e;
}

/* The dictionary takes the value over. */
static void
put(xpc_object_t xdict, const char *key, struct object *value)
{
	struct object *o = expect(xdict, XPC_TYPE_DICTIONARY);
	struct entry *e = entry_find(o, key);

	if (e == NULL)
		e = entry_add(o, key);
	else
		xpc_release(e->value);
	e->value = value;
}

static struct object *
create_string(const char *string)
{
	size_t size = strlen(string) + 1;
	struct object *o = create(XPC_TYPE_STRING, size);

	memcpy(o->text, string, size);
	return o;
}

xpc_object_t
xpc_dictionary_create(
    const char *const *keys, const xpc_object_t *values, size_t count)
{
	if (keys != NULL || values != NULL || count != 0)
		crash("only empty dictionaries are created here");
	return create_container(XPC_TYPE_DICTIONARY);
}

xpc_object_t
xpc_dictionary_get_value(xpc_object_t xdict, const char *key)
{
	struct entry *e = entry_find(expect(xdict, XPC_TYPE_DICTIONARY), key);

	return e != NULL ? e->value : NULL;
}

size_t
xpc_dictionary_get_count(xpc_object_t xdict)
{
	return expect(xdict, XPC_TYPE_DICTIONARY)->count;
}

bool
xpc_dictionary_apply(xpc_object_t xdict, xpc_dictionary_applier_t applier)
{
	struct object *o = expect(xdict, XPC_TYPE_DICTIONARY);

	for (size_t i = 0; i < o->count; i++) {
		if (!applier(o->entries[i].key, o->entries[i].value))
			return false;
	}
	return true;
}

void
xpc_dictionary_set_bool(xpc_object_t xdict, const char *key, bool value)
{
	struct object *o = create(XPC_TYPE_BOOL, 0);

	o->u.truth = value;
	put(xdict, key, o);
}

void
xpc_dictionary_set_int64(xpc_object_t xdict, const char *key, int64_t value)
{
	struct object *o = create(XPC_TYPE_INT64, 0);

	o->u.number = value;
	put(xdict, key, o);
}

void
xpc_dictionary_set_uint64(xpc_object_t xdict, const char *key, uint64_t value)
{
	struct object *o = create(XPC_TYPE_UINT64, 0);

	o->u.natural = value;
	put(xdict, key, o);
}

void
xpc_dictionary_set_string(
    xpc_object_t xdict, const char *key, const char *string)
{
	put(xdict, key, create_string(string));
}

void
xpc_dictionary_set_uuid(xpc_object_t xdict, const char *key, const uuid_t uuid)
{
	struct object *o = create(XPC_TYPE_UUID, 0);

	memcpy(o->u.uuid, uuid, sizeof(o->u.uuid));
	put(xdict, key, o);
}

bool
xpc_dictionary_get_bool(xpc_object_t xdict, const char *key)
{
	return xpc_bool_get_value(xpc_dictionary_get_value(xdict, key));
}

int64_t
xpc_dictionary_get_int64(xpc_object_t xdict, const char *key)
{
	return xpc_int64_get_value(xpc_dictionary_get_value(xdict, key));
}

uint64_t
xpc_dictionary_get_uint64(xpc_object_t xdict, const char *key)
{
	return xpc_uint64_get_value(xpc_dictionary_get_value(xdict, key));
}

const char *
xpc_dictionary_get_string(xpc_object_t xdict, const char *key)
{
	return xpc_string_get_string_ptr(xpc_dictionary_get_value(xdict, key));
}

const uint8_t *
xpc_dictionary_get_uuid(xpc_object_t xdict, const char *key)
{
	return xpc_uuid_get_bytes(xpc_dictionary_get_value(xdict, key));
}

xpc_object_t
xpc_array_create(const xpc_object_t *objects, size_t count)
{
	if (objects != NULL || count != 0)
		crash("only empty arrays are created here");
	return create_container(XPC_TYPE_ARRAY);
}

size_t
xpc_array_get_count(xpc_object_t xarray)
{
	return expect(xarray, XPC_TYPE_ARRAY)->count;
}

xpc_object_t
xpc_array_get_value(xpc_object_t xarray, size_t index)
{
	struct object *o = expect(xarray, XPC_TYPE_ARRAY);

	if (index >= o->count)
		crash("index beyond the array");
	return o->entries[index].value;
}

void
xpc_array_set_string(xpc_object_t xarray, size_t index, const char *string)
{
	if (index != XPC_ARRAY_APPEND)
		crash("arrays are only appended to here");
	entry_add(expect(xarray, XPC_TYPE_ARRAY), "")->value =
	    create_string(string);
}

const char *
xpc_array_get_string(xpc_object_t xarray, size_t index)
{
	return xpc_string_get_string_ptr(xpc_array_get_value(xarray, index));
}
