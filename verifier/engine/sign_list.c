/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which files are signed: every one below the model but those that are left out, and
 * nothing that could be something else tomorrow.  What is left out stands in the
 * signature.
 */
#include "verifier/engine/sign.h"

#include <stdlib.h>
#include <string.h>

#include "verifier/base/text.h"
#include "verifier/engine/vouch.h"

/* Left out at the top of every model, as all signers of this format do. */
static const char *const git_names[] = { ".git", ".gitattributes", ".github", ".gitignore" };

static bool lies_below(struct sy_span rel, struct sy_span folder)
{
	return rel.len >= folder.len && !memcmp(rel.data, folder.data, folder.len) &&
	       (rel.len == folder.len || rel.data[folder.len] == '/');
}

/* The path below the model, or empty: by name first, then by where both really lie. */
static enum sy_status path_in_model(struct sy_sign *sign, const char *path, struct sy_span *rel)
{
	struct sy_span root = sy_span_str(sign->inventory.roots[0].path), given;
	char *real_root, *real;
	enum sy_status status = SY_OK;

	*rel = sy_span_of(NULL, 0);
	given = sy_span_str(path);
	while (given.len > 1 && given.data[given.len - 1] == '/')
		given.len--;
	if (lies_below(given, root) && given.len > root.len + 1)
		return sy_arena_copy(&sign->arena, sy_span_slice(given, root.len + 1,
					given.len - root.len - 1), rel);
	real_root = realpath(sign->inventory.roots[0].path, NULL);
	real = realpath(path, NULL);
	if (real_root && real && lies_below(sy_span_str(real), sy_span_str(real_root)) &&
	    strlen(real) > strlen(real_root) + 1)
		status = sy_arena_copy(&sign->arena,
				       sy_span_str(real + strlen(real_root) + 1), rel);
	free(real_root);
	free(real);
	return status;
}

static enum sy_status add_ignored(struct sy_sign *sign, struct sy_span *ignored,
				  struct sy_span rel)
{
	struct sy_manifest *manifest = &sign->manifest;

	for (size_t i = 0; i < manifest->n_ignored; i++) {
		if (sy_span_equal(ignored[i], rel))
			return SY_OK;
	}
	return sy_arena_copy(&sign->arena, rel, &ignored[manifest->n_ignored++]);
}

/* The path below the model of `name` in a folder that really lies at `real`. */
static bool join_below(const char *real_root, const char *real, const char *name,
		       struct sy_text *rel)
{
	size_t len = strlen(real_root);

	if (!lies_below(sy_span_str(real), sy_span_str(real_root)))
		return false;
	sy_text_init(rel);
	if (real[len] == '/') {
		sy_text_add(rel, real + len + 1);
		sy_text_add(rel, "/");
	}
	sy_text_add(rel, name);
	return true;
}

/* A file that will be written may not exist yet: its folder tells where it lies. */
static enum sy_status ignore_output(struct sy_sign *sign, struct sy_span *ignored,
				    const char *path)
{
	const char *slash = strrchr(path, '/');
	char *real_root = realpath(sign->inventory.roots[0].path, NULL), *real;
	enum sy_status status = SY_OK;
	struct sy_text text;

	sy_text_init(&text);
	sy_text_add_span(&text, slash ? sy_span_of(path, (size_t)(slash - path + 1))
				      : sy_span_str("."));
	real = realpath(text.data, NULL);
	if (real_root && real && join_below(real_root, real, slash ? slash + 1 : path, &text))
		status = add_ignored(sign, ignored, sy_text_span(&text));
	free(real_root);
	free(real);
	return status;
}

static enum sy_status list_ignored(struct sy_sign *sign)
{
	const struct sy_sign_options *options = sign->options;
	size_t max = SY_N_ELEMS(git_names) + options->n_ignore + options->n_outputs +
		     sign->inventory.n_entries;
	struct sy_span *ignored, rel;
	enum sy_status status = SY_OK;

	ignored = sy_arena_alloc(&sign->arena, max * sizeof(*ignored));
	if (!ignored)
		return sy_memory_status(sign->ctx);
	sign->manifest.ignored = ignored;
	for (size_t i = 0; i < SY_N_ELEMS(git_names) && status == SY_OK; i++)
		status = add_ignored(sign, ignored, sy_span_str(git_names[i]));
	for (size_t i = 0; i < options->n_ignore && status == SY_OK; i++) {
		status = path_in_model(sign, options->ignore[i], &rel);
		if (status == SY_OK && rel.len == 0)
			status = sy_fail(sign->ctx, SY_USAGE, "--ignore-path %s does not lie in "
					 "the model", options->ignore[i]);
		if (status == SY_OK)
			status = add_ignored(sign, ignored, rel);
	}
	for (size_t i = 0; i < options->n_outputs && status == SY_OK; i++)
		status = ignore_output(sign, ignored, options->outputs[i].path);
	for (size_t i = 0; i < sign->inventory.n_entries && status == SY_OK; i++) {
		const char *name = sign->inventory.entries[i].rel;

		if (sy_vouch_is_signature_name(name))
			status = add_ignored(sign, ignored, sy_span_str(name));
	}
	return status;
}

static bool is_left_out(const struct sy_sign *sign, const char *rel)
{
	for (size_t i = 0; i < sign->manifest.n_ignored; i++) {
		if (lies_below(sy_span_str(rel), sign->manifest.ignored[i]))
			return true;
	}
	return false;
}

/* What cannot be signed ends it: a list with holes would be worse than none. */
static enum sy_status refuse(struct sy_sign *sign, const struct sy_entry *entry,
			     const char *why)
{
	struct sy_text name;

	sy_text_init(&name);
	sy_text_name(&name, sy_span_str(entry->path));
	return sy_fail(sign->ctx, SY_USAGE, "%s cannot be signed: %s (leave it out with "
		       "--ignore-path, or remove it)", name.data, why);
}

static enum sy_status admit(struct sy_sign *sign, const struct sy_entry *entry)
{
	switch (entry->kind) {
	case SY_ENTRY_FILE:
		if (entry->is_link && !sign->options->allows_symlinks)
			return refuse(sign, entry, "it is a symbolic link, and links are not "
				      "signed unless --allow-symlinks says so");
		return SY_OK;
	case SY_ENTRY_LINK_OUT:
		return refuse(sign, entry, "it is a link that leaves the model");
	case SY_ENTRY_LINK_DANGLING:
		return refuse(sign, entry, "it is a link to nothing");
	case SY_ENTRY_LINK_LOOP:
		return refuse(sign, entry, "it is a link in a circle");
	case SY_ENTRY_SPECIAL:
		return refuse(sign, entry, "it is a FIFO, socket or device");
	case SY_ENTRY_UNREADABLE:
		break;
	}
	return refuse(sign, entry, entry->sys_errno ? sy_errno_text(entry->sys_errno)
						    : "it lies too deep");
}

enum sy_status sy_sign_list(struct sy_sign *sign)
{
	size_t n = sign->inventory.n_entries;
	enum sy_status status = list_ignored(sign);

	sign->entries = sy_arena_alloc(&sign->arena, (n + 1) * sizeof(*sign->entries));
	if (status == SY_OK && !sign->entries)
		status = sy_memory_status(sign->ctx);
	for (size_t i = 0; i < n && status == SY_OK; i++) {
		const struct sy_entry *entry = &sign->inventory.entries[i];

		if (sign->inventory.roots[0].is_dir && is_left_out(sign, entry->rel))
			continue;
		status = admit(sign, entry);
		sign->entries[sign->n_entries++] = i;
		sign->n_bytes += entry->identity.size;
	}
	if (status == SY_OK && sign->n_entries == 0)
		status = sy_fail(sign->ctx, SY_USAGE, "%s holds no file to sign",
				 sign->options->path);
	return status;
}
