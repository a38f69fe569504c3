/* SPDX-License-Identifier: Apache-2.0 */
/*
 * File times come from a clock that ticks every few milliseconds (before Linux 6.13,
 * and on some file systems still): of two changes within one tick the second leaves no
 * trace.  So a file that was changed just now could be scanned with one content and
 * compared with another.  What was changed before the wait has a time of its own
 * when it is changed after it, and then it differs from what the walk saw.
 */
#include "verifier/engine/check.h"

#include <time.h>

#define WAIT_NS 20000000	/* two ticks of the slowest usual clock, 100 Hz */

static int64_t newest_s(const struct sy_inventory *inventory)
{
	int64_t newest = INT64_MIN;

	for (size_t i = 0; i < inventory->n_entries; i++) {
		int64_t changed = inventory->entries[i].identity.ctime_ns;

		if (inventory->entries[i].kind == SY_ENTRY_FILE && changed > newest)
			newest = changed;
	}
	return newest / INT64_C(1000000000);
}

/* Only a comparison with what was signed says that two readings saw the same. */
void sy_check_settle(const struct sy_check *check)
{
	const struct timespec wait = { .tv_nsec = WAIT_NS };
	const struct sy_clock *clock = &check->ctx->clock;

	if (!sy_vouch_has_signature(check->vouch) ||
	    newest_s(&check->inventory) < clock->wall_s(clock->user) - 1)
		return;
	(void)nanosleep(&wait, NULL);
}
