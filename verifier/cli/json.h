/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Just enough JSON writing for what the program itself prints (digests, rules,
 * version), on stdout.  Reports come from the library, not from here.
 */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <stdbool.h>
#include <stdint.h>

/* Containers nest to 8 levels; members are written in the order of the calls. */
struct json {
	unsigned depth;
	bool has_items[8];
};

/* key: NULL inside an array and at the top. */
void json_open(struct json *json, const char *key, char bracket);
void json_close(struct json *json, char bracket);
void json_text(struct json *json, const char *key, const char *value);
void json_number(struct json *json, const char *key, uint64_t value);
void json_bool(struct json *json, const char *key, bool value);

/* "key": value; bytes that are not UTF-8 become U+FFFD and "key_hex" follows. */
void json_path(struct json *json, const char *key, const char *value);

#endif
