/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a configuration says that matters: code it names, templates, functions
 * it wants called, other models it needs.  Whether a named file is there is not
 * decided here; it becomes a reference.  Nothing that is named is looked up.
 */
#include "formats/config_words.h"
#include "formats/config_walk.h"
#include "formats/template_scan.h"

#define CODE_NAME_MAX 512	/* bytes of a "module.Class" that make sense */

static enum sy_status say(struct sy_config_walk *walk, enum sy_rule rule,
			  const struct sy_json_token *token, const char *what)
{
	struct sy_span key = sy_config_key_now(walk);
	struct sy_text text;

	sy_text_init(&text);
	sy_text_name(&text, key);
	sy_text_addf(&text, " at byte %llu %s ", (unsigned long long)token->off, what);
	if (token->kind == SY_JSON_STRING)
		sy_text_name(&text, token->text);
	return sy_fact_text(walk->in, rule, token->off, token->len,
			    token->kind == SY_JSON_STRING ? token->text : key, &text);
}

static size_t last_dot(struct sy_span name)
{
	size_t at = name.len;

	while (at > 0 && name.data[at - 1] != '.')
		at--;
	return at ? at - 1 : name.len;
}

/* "module.Class": the file is module.py beside the configuration. */
static enum sy_status local_code(struct sy_config_walk *walk,
				 const struct sy_json_token *token)
{
	struct sy_span name = token->text;
	uint8_t file[CODE_NAME_MAX + 3];
	size_t len = last_dot(name);

	if (len > CODE_NAME_MAX)
		len = CODE_NAME_MAX;
	if (len)
		memcpy(file, name.data, len);
	memcpy(file + len, ".py", 3);
	return sy_emit_ref(walk->in, SY_REF_CODE, sy_config_key_now(walk),
			   sy_span_of(file, len + 3), 0, token->off);
}

/* "org/repo--module.Class" or "module.Class", as auto_map writes them. */
static enum sy_status code_name(struct sy_config_walk *walk,
				const struct sy_json_token *token)
{
	size_t split = sy_span_find(token->text, sy_span_str("--"));

	if (token->text.len == 0)
		return SY_OK;
	if (split == SIZE_MAX)
		return local_code(walk, token);
	return sy_emit_ref(walk->in, SY_REF_CODE_REMOTE, sy_config_key_now(walk),
			   sy_span_slice(token->text, 0, split), 0, token->off);
}

/* Texts under keys of templates, but the name of a template in a list of them. */
static bool is_template(const struct sy_config_walk *walk)
{
	struct sy_span key = sy_config_key_now(walk);

	if (sy_span_ends(key, "template") || sy_span_ends(key, "templates"))
		return true;
	return (sy_config_is_under_suffix(walk, "chat_template") ||
		sy_config_is_under_suffix(walk, "chat_templates")) &&
	       !sy_span_is(key, "name");
}

static enum sy_status scan_template(struct sy_config_walk *walk,
				    const struct sy_json_token *token)
{
	struct sy_span key = sy_config_key_now(walk);

	if (token->is_escaped)
		return sy_template_scan_decoded(walk->in, key, token->text, token->off);
	return sy_template_scan(walk->in, key, token->text, token->off + 1);
}

static enum sy_status target(struct sy_config_walk *walk,
			     const struct sy_json_token *token)
{
	return sy_config_is_dangerous(token->text)
		? say(walk, SY_RULE_CONFIG_TARGET_DANGEROUS, token, "wants to call")
		: say(walk, SY_RULE_CONFIG_TARGET_DECLARED, token, "wants to call");
}

static enum sy_status base_model(struct sy_config_walk *walk,
				 const struct sy_json_token *token)
{
	bool is_url = sy_span_find(token->text, sy_span_str("://")) != SIZE_MAX;
	enum sy_status status;

	if (token->text.len == 0)
		return SY_OK;
	status = sy_emit_ref(walk->in, SY_REF_BASE_MODEL, sy_config_key_now(walk),
			     token->text, 0, token->off);
	if (status != SY_OK)
		return status;
	return is_url ? say(walk, SY_RULE_CONFIG_BASE_URL, token, "is the address")
		      : say(walk, SY_RULE_CONFIG_BASE_ELSEWHERE, token, "is");
}

/* Control characters other than those that text files hold. */
static bool has_control(struct sy_span text)
{
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];

		if (c == 0x7f || (c < 0x20 && c != '\t' && c != '\n' && c != '\r'))
			return true;
	}
	return false;
}

static bool is_token_text(const struct sy_config_walk *walk)
{
	struct sy_span key = sy_config_key_now(walk);

	return sy_span_is(key, "content") || sy_span_ends(key, "_token") ||
	       sy_config_is_under(walk, "additional_special_tokens");
}

/* "key": ["library", "Class"] at the top of a model_index.json. */
static enum sy_status component(struct sy_config_walk *walk,
				const struct sy_json_token *token)
{
	const struct sy_config_frame *frame = &walk->frames[1];
	struct sy_span library = sy_span_of(frame->first, frame->first_len);
	struct sy_span folder = sy_config_key(walk, 0);
	enum sy_status status;

	if (frame->n_values != 1 || sy_span_starts(folder, "_"))
		return SY_OK;
	status = sy_emit_ref(walk->in, SY_REF_COMPONENT, token->text, folder, 0,
			     walk->frames[0].key_off);
	if (status != SY_OK || sy_config_is_pipeline_library(library))
		return status;
	return say(walk, SY_RULE_CODE_COMPONENT_FOREIGN, token,
		   "does not come from a known library:");
}

static enum sy_status pipeline_string(struct sy_config_walk *walk,
				      const struct sy_json_token *token)
{
	if (walk->n_frames != 2 || walk->frames[1].is_object)
		return SY_OK;
	if (sy_span_is(sy_config_key(walk, 0), "_class_name") &&
	    walk->frames[1].n_values == 0)
		return say(walk, SY_RULE_CODE_PIPELINE_CUSTOM, token,
			   "takes the pipeline from the module");
	return component(walk, token);
}

/* Strings that have a meaning in some of the files only. */
static enum sy_status role_string(struct sy_config_walk *walk,
				  const struct sy_json_token *token)
{
	struct sy_span key = sy_config_key_now(walk);

	if ((walk->roles & SY_ROLE_ADAPTER) && sy_span_is(key, "base_model_name_or_path"))
		return base_model(walk, token);
	if ((walk->roles & SY_ROLE_MODULES) && sy_span_is(key, "type") &&
	    !sy_span_starts(token->text, "sentence_transformers."))
		return say(walk, SY_RULE_CODE_MODULE_FOREIGN, token, "names");
	if (walk->roles & SY_ROLE_PIPELINE)
		return pipeline_string(walk, token);
	return SY_OK;
}

static enum sy_status config_string(struct sy_config_walk *walk,
				    const struct sy_json_token *token)
{
	struct sy_span key = sy_config_key_now(walk);

	if (sy_config_is_under(walk, "auto_map") ||
	    (sy_span_is(key, "impl") && sy_config_is_under(walk, "custom_pipelines")))
		return code_name(walk, token);
	if (sy_config_is_target_key(key))
		return target(walk, token);
	if (sy_span_is(key, "custom_generate") && token->text.len)
		return say(walk, SY_RULE_CODE_GENERATE_CUSTOM, token, "takes code from");
	if (sy_span_is(key, "custom_pipeline") && token->text.len)
		return say(walk, SY_RULE_CODE_PIPELINE_CUSTOM, token, "takes code from");
	if (sy_span_is(key, "trust_remote_code") && sy_ascii_equal(token->text, "true"))
		return say(walk, SY_RULE_CODE_TRUST_PRESET, token, "is");
	if (is_token_text(walk) && has_control(token->text))
		return say(walk, SY_RULE_CONFIG_TOKEN_CONTROL, token, "is");
	return role_string(walk, token);
}

static enum sy_status judge_value(struct sy_config_walk *walk,
				  const struct sy_json_token *token)
{
	enum sy_status status = sy_config_show(walk, token);

	if (status != SY_OK)
		return status;
	if (token->kind == SY_JSON_STRING && is_template(walk))
		return scan_template(walk, token);
	if (!(walk->roles & SY_ROLE_CONFIG))
		return SY_OK;
	if (token->kind == SY_JSON_STRING)
		return config_string(walk, token);
	if (token->kind == SY_JSON_TRUE &&
	    sy_span_is(sy_config_key_now(walk), "trust_remote_code"))
		return say(walk, SY_RULE_CODE_TRUST_PRESET, token, "is true");
	return SY_OK;
}

enum sy_status sy_config_judge(struct sy_config_walk *walk,
			       const struct sy_json_token *token)
{
	if (token->kind != SY_JSON_KEY)
		return judge_value(walk, token);
	if (sy_config_is_object_key(token->text))
		return say(walk, SY_RULE_CONFIG_OBJECT_ENCODED, token,
			   "makes a decoder build an object");
	return SY_OK;
}
