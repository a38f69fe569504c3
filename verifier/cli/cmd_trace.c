/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace: what unpickling a file would do, a line for each thing that matters and a
 * sentence at the end.  The file is never unpickled; everything shown of it is
 * escaped.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "verifier/cli/cmd.h"
#include "verifier/cli/output.h"
#include "verifier/cli/terminal.h"

#define N_NAMED 3		/* things that the last sentence names */
#define NAMED_MAX 240		/* bytes of each of them */
#define RUN_MIN 16		/* opcodes of plain data that are worth a line */
#define TEXT_CAP 8192

enum { PLAIN, KNOWN, ALLOWED, UNUSUAL, UNKNOWN, DANGEROUS, N_LEVELS };

static const struct {
	const char *name, *mark, *color;
} levels[N_LEVELS] = {
	[PLAIN] = { "plain", "", "" },
	[KNOWN] = { "known", "known", "" },
	[ALLOWED] = { "allowed", "allowed", "" },
	[UNUSUAL] = { "unusual", "UNUSUAL", "\033[33m" },
	[UNKNOWN] = { "unknown", "NOT ON THE LIST", "\033[33;1m" },
	[DANGEROUS] = { "dangerous", "DANGEROUS", "\033[31;1m" },
};

/* What the lines have in common, and what they add up to. */
struct account {
	const struct steelyard_report *report;
	struct steelyard_artifact artifact;
	bool is_colored;
	unsigned columns;		/* of the terminal; 0: do not wrap */
	int offset_width, opcode_width, mark_width;
	uint64_t n_levels[N_LEVELS];	/* steps, by level */
	uint64_t n_marked;		/* steps that are not plain */
	uint64_t n_calls;		/* dangerous ones */
	uint64_t n_begins, n_opcodes;
	unsigned protocols;		/* bits; bit 8: none is declared */
	uint64_t failed_at;		/* offset; STEELYARD_NO_NUMBER: it does not */
};

static unsigned level_of(const struct steelyard_step *step)
{
	for (unsigned i = 0; i < N_LEVELS; i++)
		if (!strcmp(step->level, levels[i].name))
			return i;
	return PLAIN;
}

static bool is_kind(const struct steelyard_step *step, const char *kind)
{
	return !strcmp(step->kind, kind);
}

static bool step_at(const struct account *a, size_t i, struct steelyard_step *step)
{
	return steelyard_report_step(a->report, 0, i, step);
}

/* Where it is in what its stream is read from. */
static uint64_t own_offset(const struct steelyard_step *step)
{
	return step->inner_offset != STEELYARD_NO_NUMBER ? step->inner_offset : step->offset;
}

static void widen(int *width, int len)
{
	if (len > *width)
		*width = len;
}

static int number_width(uint64_t n)
{
	char text[24];

	return snprintf(text, sizeof(text), "%llu", (unsigned long long)n);
}

static void survey_step(struct account *a, const struct steelyard_step *step)
{
	unsigned level = level_of(step);

	if (is_kind(step, "more"))
		a->n_levels[level] += step->value;
	else
		a->n_levels[level]++;
	a->n_marked += level != PLAIN;
	if (step->offset != STEELYARD_NO_NUMBER)
		widen(&a->offset_width, number_width(own_offset(step)));
	widen(&a->opcode_width, (int)strlen(step->opcode));
	widen(&a->mark_width, (int)strlen(levels[level].mark));
	a->n_calls += level == DANGEROUS && is_kind(step, "call");
	if (is_kind(step, "begin")) {
		a->n_begins++;
		a->protocols |= step->value < 8 ? 1u << step->value : 1u << 8;
	}
	if (!is_kind(step, "end"))
		return;
	a->n_opcodes += step->value;
	if (level == UNUSUAL && a->failed_at == STEELYARD_NO_NUMBER)
		a->failed_at = own_offset(step);
}

static void survey(struct account *a)
{
	struct steelyard_step step;

	a->offset_width = (int)strlen("offset");
	a->opcode_width = (int)strlen("opcode");
	a->failed_at = STEELYARD_NO_NUMBER;
	for (size_t i = 0; step_at(a, i, &step); i++)
		survey_step(a, &step);
}

static const char *color(const struct account *a, const char *code)
{
	return a->is_colored ? code : "";
}

/* "protocol 4", "protocols 2 and 4" */
static void protocols_text(const struct account *a, char *buf, size_t cap)
{
	int len = snprintf(buf, cap, "protocol%s",
			   a->protocols & (a->protocols - 1) ? "s" : "");
	const char *between = " ";

	for (unsigned i = 0; i <= 8; i++) {
		if (!(a->protocols & 1u << i))
			continue;
		len += snprintf(buf + len, cap - (size_t)len, i == 8 ? "%s0 or 1" : "%s%u",
				between, i);
		between = ", ";
	}
}

/* 1234567 as "1,234,567" */
static const char *count_text(uint64_t n, char *buf, size_t cap)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);
	size_t at = 0;

	for (int i = 0; i < len && at + 2 < cap; i++) {
		if (i && (len - i) % 3 == 0)
			buf[at++] = ',';
		buf[at++] = digits[i];
	}
	buf[at] = 0;
	return buf;
}

static void print_header(const struct account *a)
{
	char path[4096], size[32], protocols[64], opcodes[32];

	protocols_text(a, protocols, sizeof(protocols));
	stdout_printf("%s%s%s: %s, %s, %s, %s opcode%s", color(a, "\033[1m"),
		      steelyard_escape(a->artifact.path, path, sizeof(path)),
		      color(a, "\033[0m"), a->artifact.format, protocols,
		      bytes_text(a->artifact.size, size, sizeof(size)),
		      count_text(a->n_opcodes, opcodes, sizeof(opcodes)),
		      a->n_opcodes == 1 ? "" : "s");
	if (a->n_begins > 1)
		stdout_printf(" in %llu pickles", (unsigned long long)a->n_begins);
	stdout_text("\n");
	stdout_printf("\n  %*s  %-*s  %*s%s\n", a->offset_width, "offset", a->opcode_width,
		      "opcode", a->mark_width ? a->mark_width + 2 : 0, "",
		      "what unpickling would do");
}

/* The account of a step, below itself when the line is too long. */
static void print_account(const struct account *a, const char *text, unsigned indent)
{
	static char wrapped[2 * TEXT_CAP];

	if (!a->columns || indent + 20 > a->columns) {
		stdout_printf("%s\n", text);
		return;
	}
	wrap_text(text, indent, a->columns, wrapped, sizeof(wrapped));
	stdout_text(strlen(wrapped) > indent ? wrapped + indent : "\n");
}

static void print_step(const struct account *a, const struct steelyard_step *step)
{
	unsigned level = level_of(step);
	bool is_run = is_kind(step, "data");
	char text[TEXT_CAP], whole[TEXT_CAP + 64], count[32], offset[24] = "";
	int mark_width = a->mark_width ? a->mark_width + 2 : 0;
	unsigned indent = (unsigned)(6 + a->offset_width + a->opcode_width + mark_width);

	steelyard_escape_bytes(step->text, step->text_len, text, sizeof(text));
	if (step->offset != STEELYARD_NO_NUMBER)
		snprintf(offset, sizeof(offset), "%llu", (unsigned long long)own_offset(step));
	if (is_run)
		snprintf(whole, sizeof(whole), "... %s opcode%s %s",
			 count_text(step->value, count, sizeof(count)),
			 step->value == 1 ? "" : "s", text);
	else
		snprintf(whole, sizeof(whole), "%s", text);
	stdout_printf("  %*s  %-*s  %s%-*s%s", a->offset_width, offset, a->opcode_width,
		      step->opcode, color(a, levels[level].color), mark_width,
		      is_run ? "" : levels[level].mark,
		      *levels[level].color ? color(a, "\033[0m") : "");
	print_account(a, whole, indent);
}

/* A few opcodes between two steps push the names and arguments that these show. */
static bool is_worth_a_line(const struct account *a, const struct steelyard_step *step)
{
	return !is_kind(step, "data") || step->value >= RUN_MIN || level_of(step) != PLAIN ||
	       a->n_marked == 0;
}

/* The step behind those that a text leaves out; false: none. */
static bool next_step(const struct account *a, size_t i, struct steelyard_step *step)
{
	do
		if (!step_at(a, ++i, step))
			return false;
	while (!is_worth_a_line(a, step));
	return true;
}

/* A pickle of data only, in its heading; the blank line before it was printed. */
static void print_short(const struct account *a, size_t i)
{
	struct steelyard_step end;
	char text[TEXT_CAP];

	if (!next_step(a, i, &end))
		return;
	stdout_printf(": %s", steelyard_escape_bytes(end.text, end.text_len, text,
						     sizeof(text)));
}

/*
 * "archive.zip > data.pkl: a pickle begins, protocol 2"; one of data only is a single
 * line (*is_short), below the one before when that was one, too.
 */
static void print_heading(const struct account *a, size_t i, const struct steelyard_step *step,
			  bool *is_short)
{
	bool was_short = *is_short;
	struct steelyard_step next;
	char text[TEXT_CAP];
	size_t len;

	*is_short = next_step(a, i, &next) && is_kind(&next, "end") &&
		    level_of(&next) == PLAIN;
	stdout_printf("%s  %s", was_short && *is_short ? "" : "\n", color(a, "\033[1m"));
	for (size_t k = 0; k < step->n_members; k++) {
		const char *name = steelyard_report_step_member(a->report, 0, i, k, &len);

		stdout_printf("%s%s", k ? " > " : "",
			      steelyard_escape_bytes(name, len, text, sizeof(text)));
	}
	stdout_printf("%s%s%s", step->n_members ? ": " : "",
		      steelyard_escape_bytes(step->text, step->text_len, text, sizeof(text)),
		      color(a, "\033[0m"));
	if (step->inner_offset != STEELYARD_NO_NUMBER)
		stdout_printf(", decoded at offset %llu", (unsigned long long)step->offset);
	else if (step->offset)
		stdout_printf(", at offset %llu", (unsigned long long)step->offset);
	if (*is_short)
		print_short(a, i);
	stdout_text("\n");
}

static void print_more(const struct account *a, const struct steelyard_step *step)
{
	unsigned level = level_of(step);
	char count[32];

	stdout_printf("  ... and %s more steps%s%s (--limit trace-steps=N shows more)\n",
		      count_text(step->value, count, sizeof(count)),
		      level == PLAIN ? "" : ": ", levels[level].mark);
	(void)a;
}

/* Does another heading follow directly? */
static bool is_short_next(const struct account *a, size_t i)
{
	struct steelyard_step next;

	return step_at(a, i + 1, &next) && is_kind(&next, "begin");
}

static void print_steps(const struct account *a)
{
	struct steelyard_step step;
	bool is_short = false;

	for (size_t i = 0; step_at(a, i, &step); i++) {
		if (is_kind(&step, "more")) {
			print_more(a, &step);
		} else if (is_kind(&step, "begin")) {
			if (a->n_begins > 1 || step.n_members)
				print_heading(a, i, &step, &is_short);
		} else if (!is_short && is_worth_a_line(a, &step)) {
			print_step(a, &step);
		}
		/* Behind its end something may stand that belongs to none. */
		if (is_kind(&step, "end") && is_short)
			is_short = is_short_next(a, i);
	}
}

/* Is the same text among the steps that the sentence names already? */
static bool is_named(const struct steelyard_step *named, size_t n,
		     const struct steelyard_step *step, bool by_symbol)
{
	for (size_t i = 0; i < n; i++) {
		const struct steelyard_step *other = &named[i];

		if (by_symbol ? other->symbol_len == step->symbol_len &&
				!memcmp(other->symbol, step->symbol, step->symbol_len)
			      : other->text_len == step->text_len &&
				!memcmp(other->text, step->text, step->text_len))
			return true;
	}
	return false;
}

/* The first different steps of a level (kind NULL: any); *is_more: there are others. */
static size_t pick(const struct account *a, unsigned level, const char *kind,
		   bool by_symbol, struct steelyard_step named[N_NAMED], bool *is_more)
{
	struct steelyard_step step;
	size_t n = 0;

	*is_more = false;
	for (size_t i = 0; step_at(a, i, &step) && !*is_more; i++) {
		if (level_of(&step) != level || (kind && !is_kind(&step, kind)) ||
		    (by_symbol && !step.symbol_len) || is_named(named, n, &step, by_symbol))
			continue;
		*is_more = n == N_NAMED;
		if (!*is_more)
			named[n++] = step;
	}
	return n;
}

/*
 * "calls os.system('x')" as "call os.system('x')"; without the reason in brackets at
 * its end where several stand side by side.
 */
static void print_infinitive(const struct steelyard_step *step, bool has_reason)
{
	size_t len = step->text_len < NAMED_MAX ? step->text_len : NAMED_MAX;
	char text[TEXT_CAP], *verb_end, *reason;

	steelyard_escape_bytes(step->text, len, text, sizeof(text));
	reason = strrchr(text, '(');
	if (!has_reason && len == step->text_len && reason > text && reason[-1] == ' ')
		reason[-1] = 0;
	verb_end = strchr(text, ' ');
	if (verb_end && verb_end > text && verb_end[-1] == 's')
		memmove(verb_end - 1, verb_end, strlen(verb_end) + 1);
	stdout_text(text);
	stdout_text(len < step->text_len ? "..." : "");
}

static void print_symbols(const struct account *a, unsigned level)
{
	struct steelyard_step named[N_NAMED];
	bool is_more;
	size_t n = pick(a, level, NULL, true, named, &is_more);
	char text[TEXT_CAP];

	for (size_t i = 0; i < n; i++)
		stdout_printf("%s%s", i ? ", " : "",
			      steelyard_escape_bytes(named[i].symbol, named[i].symbol_len,
						     text, sizeof(text)));
	stdout_text(is_more ? " and others" : "");
}

static void print_dangers(const struct account *a)
{
	struct steelyard_step named[N_NAMED];
	bool is_more;
	size_t n = pick(a, DANGEROUS, a->n_calls ? "call" : NULL, false, named, &is_more);

	stdout_text("Unpickling this would ");
	for (size_t i = 0; i < n; i++) {
		stdout_text(!i ? "" : i + 1 == n && !is_more ? " and " : ", ");
		print_infinitive(&named[i], n == 1);
	}
	stdout_text(is_more ? " and do more of that kind." : ".");
	if (a->n_levels[UNKNOWN]) {
		stdout_text(" It also uses names that are not on the list: ");
		print_symbols(a, UNKNOWN);
		stdout_text(".");
	}
}

static void print_conclusion(const struct account *a)
{
	if (a->n_levels[DANGEROUS]) {
		print_dangers(a);
	} else if (a->n_levels[UNKNOWN]) {
		stdout_text("Unpickling this would use names that are not on the list: ");
		print_symbols(a, UNKNOWN);
		stdout_text(". What they do is for you to know.");
	} else if (a->n_levels[ALLOWED]) {
		stdout_text("Unpickling this would use names that are allowed here: ");
		print_symbols(a, ALLOWED);
		stdout_text(".");
	} else if (a->n_levels[KNOWN]) {
		stdout_text("Unpickling this would build data with known names: ");
		print_symbols(a, KNOWN);
		stdout_text(".");
	} else {
		stdout_text("Unpickling this would build plain data; it imports and calls "
			    "nothing.");
	}
}

static void print_summary(const struct account *a, int code)
{
	stdout_printf("\n%s", color(a, a->n_levels[DANGEROUS] ? "\033[31;1m" : "\033[1m"));
	print_conclusion(a);
	if (!a->n_levels[DANGEROUS] && a->n_levels[UNUSUAL] &&
	    a->failed_at == STEELYARD_NO_NUMBER)
		stdout_text(" Something in it is unusual, see above.");
	if (a->failed_at != STEELYARD_NO_NUMBER)
		stdout_printf(" Loading fails at offset %llu.",
			      (unsigned long long)a->failed_at);
	if (code == STEELYARD_UNDETERMINED)
		stdout_text(" It could not be examined to its end.");
	stdout_printf("%s\n", color(a, "\033[0m"));
	if (a->artifact.n_findings)
		stdout_printf("Verdict: %s; 'steelyard scan' explains its %zu finding%s.\n",
			      a->artifact.verdict, a->artifact.n_findings,
			      a->artifact.n_findings == 1 ? "" : "s");
}

/* No step at all: says what the file is, and what trace is for. */
static void print_nothing(const struct account *a)
{
	char path[4096], text[TEXT_CAP];

	steelyard_escape(a->artifact.path, path, sizeof(path));
	if (!strcmp(a->artifact.scope, "not-examined"))
		stdout_printf("Nothing to trace: %s could not be examined.\n", path);
	else if (!strcmp(a->artifact.format, "unknown"))
		stdout_printf("Nothing to trace: %s is no pickle, and nothing else that may "
			      "hold one.\n", path);
	else
		stdout_printf("Nothing to trace: %s is of the format %s, and no pickle is in "
			      "it.\n", path,
			      steelyard_escape(a->artifact.format, text, sizeof(text)));
	stdout_text("trace follows what unpickling would do: in pickles of any name (.pkl, "
		    ".bin, .pt, .joblib),\nand in those inside the containers that scan "
		    "looks into.\n");
	if (a->artifact.n_findings)
		stdout_printf("Verdict: %s; 'steelyard scan' explains why.\n",
			      a->artifact.verdict);
}

static void print_text(const struct steelyard_report *report, const struct options *options)
{
	struct account a = {
		.report = report, .is_colored = terminal_color(options->color),
		.columns = terminal_columns(),
	};
	struct steelyard_step step;

	if (!steelyard_report_artifact(report, 0, &a.artifact))
		return;
	if (!step_at(&a, 0, &step)) {
		print_nothing(&a);
		return;
	}
	survey(&a);
	print_header(&a);
	print_steps(&a);
	print_summary(&a, steelyard_report_exit_code(report));
}

static int show(const struct steelyard_report *report, const struct options *options)
{
	const struct steelyard_write_options how = { .size = sizeof(how) };
	int code = steelyard_report_exit_code(report);

	if (!options->json)
		print_text(report, options);
	else if (steelyard_report_write(report, "json", &how, stdout_write, NULL))
		code = exit_worse(code, STEELYARD_UNDETERMINED);
	return stdout_finish(code);
}

static bool is_directory(const char *path)
{
	struct stat st;

	return strcmp(path, "-") != 0 && !stat(path, &st) && S_ISDIR(st.st_mode);
}

int cmd_trace(const struct options *options)
{
	const struct command_info *command = cli_command("trace");
	struct steelyard_check_options check = {
		.size = sizeof(check), .ask = STEELYARD_ASK_TRACE,
		.paths = options->operands.items, .n_paths = options->operands.n,
		.worker = options->worker, .sandbox = options->sandbox,
		.show_opcodes = options->all,
		.allow_global = options->allow_global.items,
		.n_allow_global = options->allow_global.n,
	};
	struct steelyard_report *report = NULL;
	struct steelyard_session *session;
	int code;

	if (is_directory(check.paths[0]))
		return usage_error(command, "trace takes one file, and %s is a directory; "
				   "'steelyard scan' finds the pickles in it", check.paths[0]);
	session = cli_session_start(options, command, &code);
	if (!session)
		return code;
	if (steelyard_check(session, &check, &report))
		code = cli_failed(session, command);
	else
		code = show(report, options);
	steelyard_report_free(&report);
	cli_session_end(&session);
	return code;
}
