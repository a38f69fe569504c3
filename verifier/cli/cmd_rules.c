/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rules: every rule in one line, or one explained.  The texts are the library's.
 */
#include <stdio.h>
#include <string.h>

#include "verifier/cli/cmd.h"
#include "verifier/cli/json.h"
#include "verifier/cli/output.h"
#include "verifier/cli/terminal.h"

static const char *rule_id_at(size_t i)
{
	struct steelyard_rule rule;

	return steelyard_rule(i, &rule) ? rule.id : NULL;
}

static const char *effect_of(const struct steelyard_rule *rule)
{
	return *rule->effect ? rule->effect : "none";
}

static bool find_rule(const char *id, struct steelyard_rule *rule)
{
	for (size_t i = 0; steelyard_rule(i, rule); i++)
		if (!strcmp(rule->id, id))
			return true;
	return false;
}

static int unknown_rule(const char *id)
{
	const char *words[1025] = { 0 }, *near;
	size_t n = 0;

	while (n < 1024 && (words[n] = rule_id_at(n)))
		n++;
	words[n] = NULL;
	near = nearest_word(id, words);
	if (near)
		return usage_error(cli_command("rules"),
				   "there is no rule '%s'; did you mean '%s'?", id, near);
	return usage_error(cli_command("rules"), "there is no rule '%s'", id);
}

static void rule_json(struct json *json, const struct steelyard_rule *rule)
{
	json_open(json, NULL, '{');
	json_text(json, "rule", rule->id);
	json_text(json, "severity", rule->severity);
	json_text(json, "effect", effect_of(rule));
	json_text(json, "title", rule->title);
	json_text(json, "why", rule->why);
	json_text(json, "fix", rule->fix);
	json_close(json, '}');
}

static void print_paragraph(const char *head, const char *text, unsigned columns)
{
	char lines[4096];

	stdout_printf("\n%s:\n%s", head,
		      wrap_text(text, 2, columns, lines, sizeof(lines)));
}

static int explain(const struct options *options, const char *id)
{
	unsigned columns = terminal_columns();
	const char *bold = terminal_color(options->color) ? "\033[1m" : "";
	struct steelyard_rule rule;
	struct json json = { 0 };

	if (!find_rule(id, &rule))
		return unknown_rule(id);
	if (options->json) {
		rule_json(&json, &rule);
		return stdout_finish(STEELYARD_CLEAN);
	}
	stdout_printf("%s%s%s (%s): %s\n", bold, rule.id, *bold ? "\033[0m" : "",
		      rule.severity, rule.title);
	print_paragraph("why it matters", rule.why, columns);
	print_paragraph("what to do", rule.fix, columns);
	stdout_printf("\neffect on the answers: %s\n", effect_of(&rule));
	return stdout_finish(STEELYARD_CLEAN);
}

static void list_json(void)
{
	struct json json = { 0 };
	struct steelyard_rule rule;

	json_open(&json, NULL, '{');
	json_text(&json, "schema", "steelyard-rules/1");
	json_open(&json, "rules", '[');
	for (size_t i = 0; steelyard_rule(i, &rule); i++)
		rule_json(&json, &rule);
	json_close(&json, ']');
	json_close(&json, '}');
}

static void list_text(void)
{
	struct steelyard_rule rule;
	size_t width = 0;

	for (size_t i = 0; steelyard_rule(i, &rule); i++)
		if (strlen(rule.id) > width)
			width = strlen(rule.id);
	for (size_t i = 0; steelyard_rule(i, &rule); i++)
		stdout_printf("%-*s  %-8s  %s\n", (int)width, rule.id, rule.severity,
			      rule.title);
}

int cmd_rules(const struct options *options)
{
	if (options->operands.n)
		return explain(options, options->operands.items[0]);
	if (options->json)
		list_json();
	else
		list_text();
	return stdout_finish(STEELYARD_CLEAN);
}
