/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Code that a loader would import: what configurations name, and files that
 * loaders look for by name.  Never reads the code itself.
 */
#include "verifier/engine/relations.h"

static enum sy_status local_code(struct sy_relate *relate, size_t entry,
				 const struct sy_kept_ref *ref)
{
	size_t module = sy_inventory_sibling(&relate->check->inventory, entry,
					     ref->target);
	struct sy_text text;

	sy_text_init(&text);
	sy_text_name(&text, ref->name);
	sy_text_add(&text, " is code in ");
	sy_text_name(&text, ref->target);
	if (module == SIZE_MAX)
		sy_text_add(&text, ", which is not there");
	else
		sy_text_add(&text, ", run by loaders with trust_remote_code=True");
	return sy_relate_find(relate,
			      (struct sy_place_of){ entry, ref->off, ref->name },
			      module == SIZE_MAX ? SY_RULE_CODE_FILE_MISSING
						 : SY_RULE_CODE_REMOTE_DECLARED,
			      &text);
}

static enum sy_status foreign_code(struct sy_relate *relate, size_t entry,
				   const struct sy_kept_ref *ref)
{
	struct sy_text text;

	sy_text_init(&text);
	sy_text_name(&text, ref->name);
	sy_text_add(&text, " is code of another repository, ");
	sy_text_name(&text, ref->target);
	sy_text_add(&text, ", unpinned: whatever is there when it is loaded");
	return sy_relate_find(relate,
			      (struct sy_place_of){ entry, ref->off, ref->name },
			      SY_RULE_CODE_REMOTE_UNPINNED, &text);
}

/* Files that a loader imports because of their name alone. */
static const struct {
	const char *path;	/* end of the path */
	enum sy_rule rule;
	const char *who;
} imported[] = {
	{ "custom_generate/generate.py", SY_RULE_CODE_GENERATE_CUSTOM,
	  "generate() with trust_remote_code=True" },
	{ "handler.py", SY_RULE_CODE_HANDLER_IMPORTED, "programs that serve models" },
};

static enum sy_status well_known(struct sy_relate *relate, size_t entry)
{
	struct sy_span rel = sy_span_str(relate->check->inventory.entries[entry].rel);

	for (size_t i = 0; i < SY_N_ELEMS(imported); i++) {
		size_t len = strlen(imported[i].path);
		struct sy_text text;

		if (!sy_span_ends(rel, imported[i].path) ||
		    (rel.len > len && rel.data[rel.len - len - 1] != '/'))
			continue;
		sy_text_init(&text);
		sy_text_addf(&text, "%s is run by %s", imported[i].path,
			     imported[i].who);
		return sy_relate_find(relate, (struct sy_place_of){
					      .entry = entry, .off = SY_OFFSET_NONE },
				      imported[i].rule, &text);
	}
	return SY_OK;
}

enum sy_status sy_relate_code(struct sy_relate *relate, size_t entry)
{
	const struct sy_relation *relation = &relate->relations[entry];
	enum sy_status status = well_known(relate, entry);

	for (size_t i = 0; i < relation->n_refs && status == SY_OK; i++) {
		const struct sy_kept_ref *ref = &relation->refs[i];

		if (ref->kind == SY_REF_CODE)
			status = local_code(relate, entry, ref);
		if (ref->kind == SY_REF_CODE_REMOTE)
			status = foreign_code(relate, entry, ref);
	}
	return status;
}
