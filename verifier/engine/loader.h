/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a loader can read: conservative tables, so that "clean for
 * transformers" leaves out only what transformers cannot open.
 */
#ifndef SY_ENGINE_LOADER_H
#define SY_ENGINE_LOADER_H

#include "formats/format.h"

struct sy_loader {
	const char *name;		/* as in --loader */
	/* Format names it opens, NULL-terminated; NULL: every format. */
	const char *const *formats;
	/* Globs on names that it may open whatever their content is. */
	const char *const *names;
};

/* All loaders, "any" first, then by name; NULL-terminated. */
extern const struct sy_loader *const sy_loaders[];

/* NULL: no such loader. */
const struct sy_loader *sy_loader_find(const char *name);

/*
 * May the loader open a file of this content (NULL: unknown) and of this claim
 * (NULL: the name makes none)?
 */
bool sy_loader_reads(const struct sy_loader *loader,
		     const struct sy_format *format,
		     const struct sy_format *claimed, struct sy_span base);

#endif
