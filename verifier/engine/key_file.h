/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of keys and passphrases, named by whoever called: they are followed
 * wherever they lead, never taken from a scanned directory.
 */
#ifndef SY_ENGINE_KEY_FILE_H
#define SY_ENGINE_KEY_FILE_H

#include "keys/private_key.h"
#include "verifier/include/steelyard.h"

/*
 * Reads a key's file into locked memory.  A private key that others may read is a
 * notice, whatever it is encrypted with.
 */
SY_MUST_CHECK enum sy_status sy_key_file_read(struct sy_context *ctx, const char *path,
					      struct sy_secret *file);

/* SY_USAGE: something stands under that name; asked before a person is troubled. */
SY_MUST_CHECK enum sy_status sy_key_file_is_free(struct sy_context *ctx, const char *path);

enum sy_new_file { SY_NEW_FILE_SECRET, SY_NEW_FILE_PUBLIC };	/* mode 0600; 0666 & ~umask */

/*
 * Makes a file that did not exist, whole and durable or not at all; what stands
 * under the name already stays (SY_USAGE).
 */
SY_MUST_CHECK enum sy_status sy_key_file_create(struct sy_context *ctx, const char *path,
						enum sy_new_file kind, struct sy_span bytes);

/* Removes what sy_key_file_create made, after a later step failed. */
void sy_key_file_remove(const char *path);

/* The caller's passphrase as keys/ asks for it; `path` names the key in questions. */
struct sy_passphrase_user {
	const struct steelyard_passphrase *given;
	const char *path;
};
void sy_passphrase_from(struct sy_passphrase *source, struct sy_passphrase_user *user);

/* A new one: asked twice where a person is asked. */
SY_MUST_CHECK enum sy_status sy_passphrase_new(struct sy_context *ctx,
					       const struct sy_passphrase_user *user,
					       struct sy_secret *passphrase);

/* Puts "PATH: " in front of the sentence of the failure; returns `status`. */
enum sy_status sy_key_file_blame(struct sy_context *ctx, const char *path,
				 enum sy_status status);

#endif
