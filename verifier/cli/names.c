/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names in lists of digests.  A pipe gets the exact bytes, since other programs
 * read them; a terminal gets nothing that it would obey.
 */
#include "verifier/cli/names.h"

#include <stdio.h>
#include <string.h>

#include "verifier/cli/output.h"
#include "verifier/cli/terminal.h"

bool name_needs_escape(const char *name)
{
	return strpbrk(name, "\\\n\r");
}

static void print_escaped(const char *name)
{
	for (;;) {
		size_t len = strcspn(name, "\\\n\r");

		stdout_bytes(name, len);
		name += len;
		if (!*name)
			return;
		stdout_text(*name == '\n' ? "\\n" : *name == '\r' ? "\\r" : "\\\\");
		name++;
	}
}

void name_print(const char *name, bool is_escaped)
{
	char shown[8192];

	if (terminal_is_stdout())
		stdout_text(steelyard_escape(name, shown, sizeof(shown)));
	else if (is_escaped)
		print_escaped(name);
	else
		stdout_text(name);
}

const char *name_quoted(const char *name, char *buf, size_t cap)
{
	bool is_plain = *name && !strpbrk(name, " \t\n!\"#$&'()*;<>?[\\]^`{|}~");

	snprintf(buf, cap, is_plain ? "%s" : "'%s'", name);
	return buf;
}

const char *algorithm_tag(const char *algorithm, char *buf, size_t cap)
{
	size_t i = 0;

	if (!strcmp(algorithm, "blake2b"))
		return "BLAKE2b";
	for (; algorithm[i] && i + 1 < cap; i++) {
		char c = algorithm[i];

		buf[i] = (char)(c >= 'a' && c <= 'z' ? c - 32 : c);
	}
	buf[i] = 0;
	return buf;
}
