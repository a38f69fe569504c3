/* SPDX-License-Identifier: Apache-2.0 */
/* Where the passphrase of a key comes from, as the command line says. */
#ifndef CLI_PASSPHRASE_H
#define CLI_PASSPHRASE_H

#include "verifier/cli/options.h"
#include "verifier/include/steelyard.h"

struct passphrase_source {
	struct steelyard_passphrase given;	/* pass &.given */
	int fd;
};

/*
 * A file, a descriptor, or the terminal; false: a sentence was said, exit with 4.
 * Also keeps this process out of core dumps: it is about to hold secrets.
 */
bool passphrase_source(const struct options *options, const struct command_info *command,
		       struct passphrase_source *source);

#endif
