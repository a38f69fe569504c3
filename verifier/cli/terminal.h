/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the program knows about the people's side: colour, width, progress, and
 * lines on stderr.  Nothing untrusted reaches a terminal unescaped through here.
 */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verifier/cli/attr.h"
#include "verifier/include/steelyard.h"

/* choice: "auto", "always", "never" or NULL (auto). */
bool terminal_color(const char *choice);

/* Width of the terminal on stdout; 0: it is not one. */
unsigned terminal_columns(void);

/* Stdout is a terminal, so names must be shown escaped. */
bool terminal_is_stdout(void);

/* A line "steelyard: ..." on stderr, escaped, below any progress line. */
void say(const char *fmt, ...) CLI_PRINTF(1, 2);

/* A steelyard_message_fn: notices always, the rest never; user: a bool "quiet". */
void terminal_message(void *user, enum steelyard_level level, const char *text);

struct progress {
	bool is_on;		/* stderr is a terminal and nobody asked for quiet */
	uint64_t start_ns, shown_ns;
};

/* Takes a progress line off the terminal, before anything else is printed. */
void terminal_clear_line(void);

void progress_start(struct progress *progress, bool is_quiet);

/* A progress callback of the library; user: a struct progress. */
void progress_update(void *user, uint64_t n_done, uint64_t n_total);
void progress_end(struct progress *progress);

/* "4.0 GiB", "1,234 bytes" below 10 KiB; buf of at least 32 bytes. */
const char *bytes_text(uint64_t n, char *buf, size_t cap);

/*
 * `text` broken at spaces into lines of at most `columns` (0: 79), each indented
 * and ended with a newline; a newline in the text begins a paragraph.  Cut at
 * cap; returns buf.
 */
const char *wrap_text(const char *text, unsigned indent, unsigned columns, char *buf,
		      size_t cap);

#endif
