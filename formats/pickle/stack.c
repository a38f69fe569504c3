/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine's stack, with CPython's marks: a height, below which nothing may be
 * taken until the mark is.  And how a run ends.
 */
#include "formats/pickle/machine_parts.h"

bool sy_machine_break(struct sy_pickle *m, const char *what)
{
	m->end.ending = SY_END_BROKEN;
	m->end.what = what;
	return false;
}

bool sy_machine_fail(struct sy_pickle *m, enum sy_status status)
{
	m->status = status;
	return false;
}

bool sy_machine_underflow(struct sy_pickle *m)
{
	return sy_machine_break(m, m->n_marks ? "a mark where a value should be"
					      : "the stack is empty");
}

bool sy_machine_odd(struct sy_pickle *m, enum sy_pickle_oddity oddity, uint64_t len,
		    uint64_t value)
{
	enum sy_status status = SY_OK;

	if (m->events->oddity)
		status = m->events->oddity(m->events->user, m, oddity, m->off, len, value);
	return status == SY_OK || sy_machine_fail(m, status);
}

static bool over_limit(struct sy_pickle *m)
{
	return sy_machine_fail(m, sy_fail(m->ctx, SY_LIMIT, "a pickle stack of more than %llu "
					  "values (--limit pickle-stack=N)",
					  (unsigned long long)m->ctx->limits.pickle_stack));
}

bool sy_machine_grow(struct sy_pickle *m)
{
	enum sy_status status;

	if (m->n >= m->ctx->limits.pickle_stack)
		return over_limit(m);
	status = sy_grow(m->ctx, &m->stack, &m->cap, m->n + 1, sizeof(*m->stack));
	return status == SY_OK || sy_machine_fail(m, status);
}

bool sy_machine_push_mark(struct sy_pickle *m)
{
	if (m->n_marks >= m->ctx->limits.pickle_stack)
		return over_limit(m);
	if (m->n_marks == m->cap_marks) {
		enum sy_status status;

		status = sy_grow(m->ctx, &m->marks, &m->cap_marks, m->n_marks + 1,
				 sizeof(*m->marks));
		if (status != SY_OK)
			return sy_machine_fail(m, status);
	}
	m->marks[m->n_marks++] = (uint32_t)m->n;
	m->fence = m->n;
	return true;
}

void sy_machine_drop_mark(struct sy_pickle *m)
{
	m->n_marks--;
	m->fence = m->n_marks ? m->marks[m->n_marks - 1] : 0;
}

bool sy_machine_mark(struct sy_pickle *m, size_t *at)
{
	*at = 0;
	if (m->n_marks == 0)
		return sy_machine_break(m, "no mark is set");
	*at = m->marks[m->n_marks - 1];
	sy_machine_drop_mark(m);
	return true;
}

/* As an argument, or the class of an object that is made, it calls nothing. */
static bool is_class_in_tuple(const struct sy_pickle *m, uint64_t value)
{
	bool is_tuple = m->opcode == SY_OP_TUPLE || m->opcode == SY_OP_TUPLE1 ||
			m->opcode == SY_OP_TUPLE2 || m->opcode == SY_OP_TUPLE3;

	return is_tuple && (sy_pickle_global(m, value)->info.uses & SY_USE_NEW);
}

bool sy_machine_store(struct sy_pickle *m, const uint64_t *items, size_t n)
{
	uint64_t any = 0;

	for (size_t i = 0; i < n; i++)
		any |= items[i];
	for (size_t i = 0; i < n && SY_UNLIKELY(any & SY_VALUE_BARE); i++) {
		if ((items[i] & SY_VALUE_BARE) && !is_class_in_tuple(m, items[i]) &&
		    !sy_machine_odd(m, SY_ODD_BARE, 0, items[i]))
			return false;
	}
	return true;
}
