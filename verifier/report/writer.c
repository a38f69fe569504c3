/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of writers.  Knows their names and nothing of what they write.
 */
#include "verifier/report/writer.h"

#define WRITER(name) extern const struct sy_writer sy_writer_##name;
#include "verifier/report/writers.def"
#undef WRITER

const struct sy_writer *const sy_writers[] = {
#define WRITER(name) &sy_writer_##name,
#include "verifier/report/writers.def"
#undef WRITER
	NULL
};

const char sy_tool_version[] = SY_VERSION;

const struct sy_writer *sy_writer_find(struct sy_span name)
{
	for (size_t i = 0; sy_writers[i]; i++) {
		if (sy_span_is(name, sy_writers[i]->name))
			return sy_writers[i];
	}
	return NULL;
}
