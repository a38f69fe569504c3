/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A walk over a JSON configuration that knows, at each value, the keys that
 * lead to it; and what is said about the values (config_judge.c).
 */
#ifndef SY_FORMATS_CONFIG_WALK_H
#define SY_FORMATS_CONFIG_WALK_H

#include "formats/config_file.h"

#define SY_CONFIG_KEY_MAX 96	/* bytes of a key that are kept */

/* What a file is to its loader, by name. */
enum sy_config_role {
	SY_ROLE_CONFIG = 1 << 0,	/* loaders obey it */
	SY_ROLE_ADAPTER = 1 << 1,	/* adapter_config.json */
	SY_ROLE_MODULES = 1 << 2,	/* modules.json of sentence-transformers */
	SY_ROLE_PIPELINE = 1 << 3,	/* model_index.json of diffusers */
	SY_ROLE_OBJECT = 1 << 4		/* must be a JSON object */
};

/* One open container. */
struct sy_config_frame {
	bool is_object;
	uint64_t n_values;		/* complete or begun before this one */
	uint64_t key_off;		/* of the current key */
	size_t key_len;			/* of the kept bytes */
	uint8_t key[SY_CONFIG_KEY_MAX];
	/* the first string of an array: the library of [library, class] */
	size_t first_len;
	uint8_t first[SY_CONFIG_KEY_MAX];
};

struct sy_config_walk {
	struct sy_config_json config;
	struct sy_inspection *in;
	unsigned roles;			/* enum sy_config_role */
	struct sy_config_frame *frames;
	size_t n_frames, cap_frames;
	bool is_way_cut;		/* a way to a value that was shown is not whole */
};

/*
 * Walks the whole document, judging each key and value; roles and config's
 * rules are set by the caller, the rest is zero.
 */
SY_MUST_CHECK enum sy_status sy_config_walk(struct sy_config_walk *walk,
					    struct sy_span bytes);

/* The key of frame i, empty in an array. */
static inline struct sy_span sy_config_key(const struct sy_config_walk *walk, size_t i)
{
	return sy_span_of(walk->frames[i].key, walk->frames[i].key_len);
}

/* The nearest key above the current value; empty at the top. */
struct sy_span sy_config_key_now(const struct sy_config_walk *walk);

/* True when a key on the way to the value equals, or ends in, the word. */
bool sy_config_is_under(const struct sy_config_walk *walk, const char *key);
bool sy_config_is_under_suffix(const struct sy_config_walk *walk, const char *suffix);

/* Facts and references about one token: a KEY or a scalar value. */
SY_MUST_CHECK enum sy_status sy_config_judge(struct sy_config_walk *walk,
					     const struct sy_json_token *token);

/*
 * META of a scalar, of a container that was empty and ended, and, at the end of the
 * document, of type "cut" where ways were not whole; as much of it as is wanted.
 */
SY_MUST_CHECK enum sy_status sy_config_show(struct sy_config_walk *walk,
					    const struct sy_json_token *token);
SY_MUST_CHECK enum sy_status sy_config_show_empty(struct sy_config_walk *walk,
						  const struct sy_json_token *token);
SY_MUST_CHECK enum sy_status sy_config_show_end(struct sy_config_walk *walk);

#endif
