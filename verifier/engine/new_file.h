/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that a command writes under a name that the user chose: whole and durable, or
 * not at all.  Internal to verifier/engine.
 */
#ifndef SY_ENGINE_NEW_FILE_H
#define SY_ENGINE_NEW_FILE_H

#include "verifier/base/context.h"
#include "verifier/base/span.h"

enum sy_new_file {
	SY_NEW_FILE_SECRET,	/* must not exist; mode 0600 */
	SY_NEW_FILE_PUBLIC,	/* must not exist; mode 0666 & ~umask, like the next */
	SY_NEW_FILE_REPLACING,	/* may replace a regular file, which stays until the end */
	SY_NEW_FILE_OWN		/* the same; mode 0644 & ~umask: nobody else may write it */
};

/* SY_USAGE: something stands under that name; asked before a person is troubled. */
SY_MUST_CHECK enum sy_status sy_new_file_is_free(struct sy_context *ctx, const char *path);

/* An open file on its way to its name. */
struct sy_new_file_sink {
	struct sy_context *ctx;
	int fd, error;		/* error: errno of the write that failed */
};

/* A steelyard_write_fn into a struct sy_new_file_sink. */
int sy_new_file_put(void *sink, const void *data, size_t len);

/*
 * Writes the whole content with sy_new_file_put: 0, or -1 (a failure of its own is
 * recorded).  Called again where the first file could not be given a name.
 */
typedef int sy_new_file_content_fn(void *user, struct sy_new_file_sink *sink);

/* SY_USAGE: what stands under the name already stays.  SY_IO. */
SY_MUST_CHECK enum sy_status sy_new_file_fill(struct sy_context *ctx, const char *path,
					      enum sy_new_file kind,
					      sy_new_file_content_fn *content, void *user);

/* The same with content that is there already. */
SY_MUST_CHECK enum sy_status sy_new_file_write(struct sy_context *ctx, const char *path,
					       enum sy_new_file kind, struct sy_span bytes);

/* Removes what sy_new_file_write made, after a later step failed. */
void sy_new_file_remove(const char *path);

#endif
