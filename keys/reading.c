/* SPDX-License-Identifier: Apache-2.0 */
/* Names and sentences of refusals and tolerances. */
#include "keys/reading.h"

static const struct {
	const char *name, *text;
} reasons[SY_N_OMS_REASONS] = {
#define REASON(ident, name, what) [SY_OMS_##ident] = { name, what },
#include "keys/oms_reason.def"
#undef REASON
};

static const struct {
	const char *name, *text;
	bool is_default;
} tolerances[SY_N_OMS_TOLERANCES] = {
#define TOLERANCE(ident, name, is_default, what) \
	[SY_OMS_TOLERATE_##ident] = { name, what, is_default },
#include "keys/oms_tolerance.def"
#undef TOLERANCE
};

_Static_assert(SY_N_OMS_TOLERANCES <= 32, "one bit each");

uint32_t sy_oms_tolerated_default(void)
{
	uint32_t set = 0;

	for (unsigned i = 0; i < SY_N_OMS_TOLERANCES; i++)
		set |= tolerances[i].is_default ? SY_OMS_BIT(i) : 0;
	return set;
}

const char *sy_oms_reason_name(enum sy_oms_reason reason)
{
	return reasons[reason].name;
}

const char *sy_oms_reason_text(enum sy_oms_reason reason)
{
	return reasons[reason].text;
}

const char *sy_oms_tolerance_name(enum sy_oms_tolerance tolerance)
{
	return tolerances[tolerance].name;
}

const char *sy_oms_tolerance_text(enum sy_oms_tolerance tolerance)
{
	return tolerances[tolerance].text;
}

bool sy_oms_tolerance_find(struct sy_span name, enum sy_oms_tolerance *tolerance)
{
	*tolerance = SY_N_OMS_TOLERANCES;
	for (unsigned i = 0; i < SY_N_OMS_TOLERANCES; i++) {
		if (sy_span_is(name, tolerances[i].name)) {
			*tolerance = (enum sy_oms_tolerance)i;
			return true;
		}
	}
	return false;
}

void sy_reading_init(struct sy_reading *reading, uint32_t granted)
{
	*reading = (struct sy_reading){ .granted = granted, .reason = SY_OMS_NONE };
	sy_text_init(&reading->sentence);
}

bool sy_tolerate(struct sy_reading *reading, enum sy_oms_tolerance tolerance)
{
	if (!(reading->granted & SY_OMS_BIT(tolerance)))
		return false;
	reading->used |= SY_OMS_BIT(tolerance);
	return true;
}

/* True when the sentence may be written: nothing was refused before. */
static bool is_first(struct sy_reading *reading, enum sy_oms_reason reason)
{
	if (reading->reason != SY_OMS_NONE)
		return false;
	reading->reason = reason;
	return true;
}

enum sy_status sy_refuse(struct sy_reading *reading, enum sy_oms_reason reason,
			 const char *fmt, ...)
{
	va_list args;

	if (!is_first(reading, reason))
		return SY_FORMAT;
	va_start(args, fmt);
	sy_text_vaddf(&reading->sentence, fmt, args);
	va_end(args);
	return SY_FORMAT;
}

enum sy_status sy_undetermined(struct sy_reading *reading, enum sy_oms_reason reason,
			       const char *fmt, ...)
{
	va_list args;

	if (!is_first(reading, reason))
		return SY_UNSUPPORTED;
	va_start(args, fmt);
	sy_text_vaddf(&reading->sentence, fmt, args);
	va_end(args);
	return SY_UNSUPPORTED;
}

enum sy_status sy_refuse_name(struct sy_reading *reading, enum sy_oms_reason reason,
			      const char *before, struct sy_span name,
			      const char *behind)
{
	if (!is_first(reading, reason))
		return SY_FORMAT;
	sy_text_add(&reading->sentence, before);
	sy_text_name(&reading->sentence, name);
	sy_text_add(&reading->sentence, behind);
	return SY_FORMAT;
}
