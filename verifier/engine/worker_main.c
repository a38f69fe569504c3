/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steelyard-worker: started by steelyard, examines files for it.  Of no use by
 * itself, and says so.
 */
#include <stdio.h>

#include "verifier/engine/worker.h"

int main(int argc, char **argv)
{
	int status = sy_zygote_main(argc, argv);

	if (status)
		fputs("steelyard-worker: is started by steelyard itself, which "
		      "hands it a socket\n", stderr);
	return status;
}
