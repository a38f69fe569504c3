/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop over the opcodes, what they do to stack and memo, frames.  What
 * CPython refuses ends the stream here, too; what it would only do at run time
 * (types of objects that are not known) does not.
 */
#include "formats/pickle/machine_parts.h"

#define STACK_MIN 1024
#define CHECK_EVERY 65536	/* opcodes between two looks at the cancel flag */

static bool op_pop(struct sy_pickle *m)
{
	uint64_t value;

	if (m->n_marks > 0 && m->marks[m->n_marks - 1] == m->n) {
		sy_machine_drop_mark(m);
		return true;
	}
	return sy_machine_pop(m, &value);
}

static bool op_pop_mark(struct sy_pickle *m)
{
	size_t at;

	if (!sy_machine_mark(m, &at))
		return false;
	m->n = at;
	return true;
}

static bool op_dup(struct sy_pickle *m)
{
	if (m->n <= m->fence)
		return sy_machine_underflow(m);
	m->n_dups++;
	return sy_machine_push(m, m->stack[m->n - 1]);
}

static bool op_put(struct sy_pickle *m, uint64_t key)
{
	enum sy_status status;

	if (m->n <= m->fence)
		return sy_machine_underflow(m);
	status = sy_memo_put(&m->memo, key, m->stack[m->n - 1]);
	return status == SY_OK || sy_machine_fail(m, status);
}

static bool op_get(struct sy_pickle *m, uint64_t key)
{
	uint64_t value = sy_memo_get(&m->memo, key);

	if (value == 0)
		return sy_machine_break(m, "a memo number that nothing was stored under");
	return sy_machine_push(m, value);
}

static bool op_text_index(struct sy_pickle *m, const struct sy_argument *arg)
{
	struct sy_number number;

	if (arg->is_outside || !sy_literal_index(arg->bytes, &number) || !number.fits)
		return sy_machine_break(m, "a memo number that is no number");
	if (number.value < 0)
		return sy_machine_break(m, "a negative memo number");
	return m->opcode == SY_OP_PUT ? op_put(m, (uint64_t)number.value)
				      : op_get(m, (uint64_t)number.value);
}

static bool op_proto(struct sy_pickle *m, uint64_t proto)
{
	if (proto > 5)
		return sy_machine_break(m, "a protocol above 5");
	m->proto = (uint8_t)proto;
	return true;
}

/* CPython's C unpickler reads on through frames; a frame must fit the input. */
static bool op_frame(struct sy_pickle *m, uint64_t len)
{
	uint64_t at = sy_reader_at(&m->reader);

	if (len > INT64_MAX)
		return sy_machine_break(m, "a frame of impossible length");
	if (len > sy_reader_left(&m->reader)) {
		m->end.ending = SY_END_TRUNCATED;
		m->end.what = "a frame is longer than the rest of the input";
		return false;
	}
	if (at < m->frame_end && !sy_machine_odd(m, SY_ODD_FRAME, 0, 0))
		return false;
	m->frame_end = len ? at + len : 0;
	return true;
}

static bool op_buffer(struct sy_pickle *m)
{
	return sy_machine_odd(m, SY_ODD_BUFFER, 0, 0) &&
	       sy_machine_push(m, sy_value_other(SY_OTHER_BUFFER, 0));
}

static bool op_readonly(struct sy_pickle *m)
{
	return m->n > m->fence || sy_machine_underflow(m);
}

static bool op_stop(struct sy_pickle *m)
{
	uint64_t at = sy_reader_at(&m->reader);

	if (!sy_machine_pop(m, &m->end.value) || !sy_machine_store(m, &m->end.value, 1))
		return false;
	/* Readers that keep to frames begin the next pickle behind this one's frame. */
	if (m->frame_end > at &&
	    !sy_machine_odd(m, SY_ODD_FRAME, m->frame_end - at, sy_value(SY_VALUE_BOOL, 1)))
		return false;
	m->end.ending = SY_END_STOP;
	m->end.off = at;
	return false;
}

static bool op_binpersid(struct sy_pickle *m)
{
	uint64_t id;

	return sy_machine_pop(m, &id) && sy_op_persid(m, id);
}

static bool op_items(struct sy_pickle *m)
{
	size_t at;

	if (!sy_machine_mark(m, &at))
		return false;
	if (m->opcode == SY_OP_APPENDS)
		return sy_op_append(m, at);
	return m->opcode == SY_OP_SETITEMS ? sy_op_setitems(m, at) : sy_op_additems(m, at);
}

static bool op_single(struct sy_pickle *m, size_t n)
{
	if (m->n < n || m->n - n <= m->fence)
		return sy_machine_underflow(m);
	return n == 1 ? sy_op_append(m, m->n - 1) : sy_op_setitems(m, m->n - 2);
}

/* One opcode: long, for it is a table. */
static bool step(struct sy_pickle *m, const struct sy_argument *arg)
{
	switch ((enum sy_opcode_byte)m->opcode) {
	case SY_OP_MARK:
		return sy_machine_push_mark(m);
	case SY_OP_STOP:
		return op_stop(m);
	case SY_OP_POP:
		return op_pop(m);
	case SY_OP_POP_MARK:
		return op_pop_mark(m);
	case SY_OP_DUP:
		return op_dup(m);
	case SY_OP_NONE:
		return sy_machine_push(m, sy_value(SY_VALUE_NONE, 0));
	case SY_OP_NEWTRUE:
		return sy_machine_push(m, sy_value(SY_VALUE_BOOL, 1));
	case SY_OP_NEWFALSE:
		return sy_machine_push(m, sy_value(SY_VALUE_BOOL, 0));
	case SY_OP_BININT:
	case SY_OP_BININT1:
	case SY_OP_BININT2:
		return sy_machine_push(m, sy_value_int((int64_t)arg->n));
	case SY_OP_BINFLOAT:
		return sy_machine_push(m, sy_value(SY_VALUE_NUMBER, m->off));
	case SY_OP_INT:
	case SY_OP_LONG:
	case SY_OP_FLOAT:
		return sy_push_number(m, arg);
	case SY_OP_LONG1:
	case SY_OP_LONG4:
		return sy_push_integer(m, arg);
	case SY_OP_BINUNICODE:
	case SY_OP_BINUNICODE8:
	case SY_OP_SHORT_BINUNICODE:
	case SY_OP_BINSTRING:
	case SY_OP_SHORT_BINSTRING:
		return sy_push_text(m, arg);
	case SY_OP_STRING:
	case SY_OP_UNICODE:
		return sy_push_line(m, arg);
	case SY_OP_BINBYTES:
	case SY_OP_BINBYTES8:
	case SY_OP_SHORT_BINBYTES:
	case SY_OP_BYTEARRAY8:
		return sy_push_bytes(m, arg);
	case SY_OP_EMPTY_TUPLE:
		return sy_op_tuple(m, 0);
	case SY_OP_TUPLE1:
		return sy_op_tuple(m, 1);
	case SY_OP_TUPLE2:
		return sy_op_tuple(m, 2);
	case SY_OP_TUPLE3:
		return sy_op_tuple(m, 3);
	case SY_OP_EMPTY_LIST:
		return sy_machine_push(m, sy_store_list(&m->store, SY_VALUE_LIST));
	case SY_OP_EMPTY_DICT:
		return sy_machine_push(m, sy_store_list(&m->store, SY_VALUE_DICT));
	case SY_OP_EMPTY_SET:
		return sy_machine_push(m, sy_store_list(&m->store, SY_VALUE_SET));
	case SY_OP_TUPLE:
	case SY_OP_LIST:
	case SY_OP_DICT:
	case SY_OP_FROZENSET:
		return sy_op_collect(m, m->opcode);
	case SY_OP_APPENDS:
	case SY_OP_SETITEMS:
	case SY_OP_ADDITEMS:
		return op_items(m);
	case SY_OP_APPEND:
		return op_single(m, 1);
	case SY_OP_SETITEM:
		return op_single(m, 2);
	case SY_OP_BINPUT:
	case SY_OP_LONG_BINPUT:
		return op_put(m, arg->n);
	case SY_OP_MEMOIZE:
		return op_put(m, m->memo.n_filled);
	case SY_OP_BINGET:
	case SY_OP_LONG_BINGET:
		return op_get(m, arg->n);
	case SY_OP_PUT:
	case SY_OP_GET:
		return op_text_index(m, arg);
	case SY_OP_GLOBAL:
		return sy_op_global(m, arg);
	case SY_OP_STACK_GLOBAL:
		return sy_op_stack_global(m);
	case SY_OP_REDUCE:
		return sy_op_reduce(m);
	case SY_OP_NEWOBJ:
		return sy_op_newobj(m, false);
	case SY_OP_NEWOBJ_EX:
		return sy_op_newobj(m, true);
	case SY_OP_INST:
		return sy_op_inst(m, arg);
	case SY_OP_OBJ:
		return sy_op_obj(m);
	case SY_OP_BUILD:
		return sy_op_build(m);
	case SY_OP_EXT1:
	case SY_OP_EXT2:
	case SY_OP_EXT4:
		return sy_op_extension(m, arg);
	case SY_OP_PERSID:
		return sy_op_persid(m, sy_value_text(m->off, false));
	case SY_OP_BINPERSID:
		return op_binpersid(m);
	case SY_OP_NEXT_BUFFER:
		return op_buffer(m);
	case SY_OP_READONLY_BUFFER:
		return op_readonly(m);
	case SY_OP_PROTO:
		return op_proto(m, arg->n);
	case SY_OP_FRAME:
		return op_frame(m, arg->n);
	}
	m->end.ending = SY_END_OPCODE;
	m->end.what = "a byte that is no opcode";
	return false;
}

static void tell_fault(struct sy_pickle *m, enum sy_read_fault fault)
{
	switch (fault) {
	case SY_READ_OK:
		return;
	case SY_READ_TRUNCATED:
		m->end.ending = SY_END_TRUNCATED;
		m->end.what = "the input ends within it";
		return;
	case SY_READ_NEGATIVE:
		(void)sy_machine_break(m, "a negative length");
		return;
	case SY_READ_TEXT:
		(void)sy_machine_break(m, "text that is not UTF-8");
		return;
	case SY_READ_FAILED:
		(void)sy_machine_fail(m, m->reader.cursor.status);
		return;
	}
}

/* The opcode lay across the end of its frame, or the frame ended before it. */
static bool leave_frame(struct sy_pickle *m)
{
	uint64_t end = m->frame_end, at = sy_reader_at(&m->reader);

	if (m->off < end && at > end && !sy_machine_odd(m, SY_ODD_FRAME, at - end, 0))
		return false;
	if (at >= end)
		m->frame_end = 0;
	return true;
}

static bool behind(struct sy_pickle *m)
{
	uint64_t skip = m->skip;

	m->skip = 0;
	if (skip && !sy_reader_skip(&m->reader, skip)) {
		if (m->reader.cursor.status != SY_OK)
			return sy_machine_fail(m, m->reader.cursor.status);
		m->end.ending = SY_END_TRUNCATED;
		m->end.what = "the array behind it is cut";
		return false;
	}
	if (!m->is_suspended)
		return true;
	m->end.ending = SY_END_SUSPENDED;
	m->end.off = sy_reader_at(&m->reader);
	return false;
}

static inline bool next(struct sy_pickle *m)
{
	struct sy_argument arg;
	enum sy_read_fault fault;

	m->off = sy_reader_at(&m->reader);
	m->end.off = m->off;
	if (!sy_reader_has(&m->reader, 1)) {
		tell_fault(m, m->reader.cursor.status == SY_OK ? SY_READ_TRUNCATED
							       : SY_READ_FAILED);
		return false;
	}
	m->opcode = *m->reader.next++;
	fault = sy_reader_next(&m->reader, m->opcode, &arg);
	if (SY_UNLIKELY(fault != SY_READ_OK)) {
		tell_fault(m, fault);
		return false;
	}
	if (SY_UNLIKELY(m->frame_end != 0) && sy_reader_at(&m->reader) >= m->frame_end &&
	    !leave_frame(m))
		return false;
	if (!step(m, &arg))
		return false;
	if (SY_UNLIKELY(++m->n_opcodes >= m->check_at)) {
		m->check_at = m->n_opcodes + CHECK_EVERY;
		if (sy_cancelled(m->ctx))
			return sy_machine_fail(m, sy_fail(m->ctx, SY_CANCELLED, "cancelled"));
	}
	return !SY_UNLIKELY(m->skip != 0 || m->is_suspended) || behind(m);
}

/* Every load begins with nothing: CPython's Unpickler, used once. */
static void begin(struct sy_pickle *m)
{
	if (m->is_suspended) {
		m->is_suspended = false;
		return;
	}
	m->n = m->n_marks = m->fence = 0;
	m->proto = 0;
	m->frame_end = 0;
	if (m->memo.n_pages || m->memo.sparse.n_used)
		sy_memo_clear(&m->memo);
}

enum sy_status sy_pickle_run(struct sy_pickle *m, struct sy_pickle_end *end)
{
	begin(m);
	m->end = (struct sy_pickle_end){ .what = "" };
	m->status = SY_OK;
	do {
		if (!m->is_stepwise)
			sy_machine_run_plain(m);
	} while (next(m));
	*end = m->end;
	return m->status;
}

void sy_pickle_skip(struct sy_pickle *m, uint64_t len)
{
	m->skip = len;
}

void sy_pickle_suspend(struct sy_pickle *m)
{
	m->is_suspended = true;
}

enum sy_status sy_pickle_load(struct sy_pickle *m, struct sy_source *source,
			      uint64_t start, uint64_t end)
{
	sy_reader_close(&m->reader);
	m->source = source;
	m->is_suspended = false;
	memset(m->names, 0, sizeof(m->names));
	return sy_reader_open(&m->reader, source, start, end);
}

enum sy_status sy_pickle_open(struct sy_pickle *m, struct sy_context *ctx,
			      struct sy_globals *globals,
			      const struct sy_pickle_events *events)
{
	enum sy_status status;

	*m = (struct sy_pickle){ .ctx = ctx, .globals = globals, .events = events };
	sy_memo_init(&m->memo, ctx);
	sy_word_map_init(&m->special, ctx);
	status = sy_store_open(&m->store, ctx);
	for (size_t i = 0; i < SY_N_ELEMS(m->scratch) && status == SY_OK; i++) {
		m->scratch[i] = sy_alloc_unset(ctx, SY_STRING_KEPT);
		if (!m->scratch[i])
			status = sy_memory_status(ctx);
	}
	if (status == SY_OK)
		status = sy_grow(ctx, &m->stack, &m->cap, STACK_MIN, sizeof(*m->stack));
	if (status != SY_OK)
		sy_pickle_close(m);
	return status;
}

void sy_pickle_close(struct sy_pickle *m)
{
	if (!m->ctx)
		return;
	sy_reader_close(&m->reader);
	sy_store_close(&m->store);
	sy_memo_clear(&m->memo);
	sy_word_map_clear(&m->special);
	sy_release(m->ctx, m->stack);
	sy_release(m->ctx, m->marks);
	for (size_t i = 0; i < SY_N_ELEMS(m->scratch); i++)
		sy_release(m->ctx, m->scratch[i]);
	*m = (struct sy_pickle){ 0 };
}
