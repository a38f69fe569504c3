/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The opcodes of which most of a pickle consists, in one loop whose state lies in
 * registers.  It takes an opcode only when nothing about it is out of the ordinary:
 * it lies whole in the window and in its frame, the stack has room, the memo's page
 * is there, no value is one that is watched.  Whatever else there is, machine.c
 * does, and does in full; the tests run both ways and compare.
 */
#include "formats/pickle/machine_parts.h"

#define LONGEST 9u	/* bytes of a plain opcode without counted bytes */

/* The state of a run; sy_machine_run_plain copies it from the machine and back. */
struct hot {
	const uint8_t *p;	/* the next opcode */
	const uint8_t *end;	/* of the window, or of the frame in it */
	uint64_t *top;		/* of the stack: where the next value goes */
	uint64_t *ceiling;	/* the stack ends */
	uint64_t *fence;	/* values below belong to outer marks */
	uint64_t at;		/* offset of p[0] less p, so that at + p is the offset */
	uint64_t *words;	/* the store's ring, and where its next tuple goes */
	uint64_t words_at;
	uint64_t *memo;		/* where MEMOIZE stores next: so many places in a row */
	uint64_t memo_left;
	uint64_t n_memoized;	/* stored there, not counted in n_filled yet */
	uint64_t n;		/* opcodes done */
};

static inline uint64_t u16(const uint8_t *p)
{
	return p[0] | (uint64_t)p[1] << 8;
}

static inline uint64_t u32(const uint8_t *p)
{
	return u16(p) | u16(p + 2) << 16;
}

static inline uint64_t i32(const uint8_t *p)
{
	return (uint64_t)(int64_t)(int32_t)(uint32_t)u32(p);
}

static inline uint64_t here(const struct hot *h)
{
	return h->at + (uint64_t)(uintptr_t)h->p;
}

static inline bool push(struct hot *h, uint64_t value, size_t len)
{
	*h->top++ = value;
	h->p += len;
	return true;
}

static inline bool is_ascii(const uint8_t *p, size_t len)
{
	uint8_t any = 0;

	for (size_t i = 0; i < len; i++)
		any |= p[i];
	return any < 0x80;
}

/* Short text of ASCII, behind `head` bytes of opcode and length. */
static inline bool text(struct hot *h, size_t head, uint64_t len)
{
	struct sy_span s = sy_span_of(h->p + head, (size_t)len);

	if (len >= SY_PACKED_MIN || (uint64_t)(h->end - h->p) < head + len ||
	    !is_ascii(s.data, s.len))
		return false;
	return push(h, sy_value_text(here(h), sy_push_is_special(s)), head + s.len);
}

static inline bool put(struct sy_pickle *m, struct hot *h, uint64_t key, size_t len)
{
	uint64_t *slot = sy_memo_slot(&m->memo, key);

	m->memo.n_filled += h->n_memoized;
	h->n_memoized = h->memo_left = 0;
	if (!slot || h->top == h->fence || m->memo.n_filled >= m->ctx->limits.pickle_memo)
		return false;
	m->memo.n_filled += *slot == 0;
	*slot = h->top[-1];
	h->p += len;
	return true;
}

static inline bool memoize(struct hot *h)
{
	if (h->memo_left == 0 || *h->memo != 0 || h->top == h->fence)
		return false;
	*h->memo++ = h->top[-1];
	h->memo_left--;
	h->n_memoized++;
	h->p++;
	return true;
}

static inline bool get(struct sy_pickle *m, struct hot *h, uint64_t key, size_t len)
{
	const uint64_t *slot = sy_memo_slot(&m->memo, key);
	uint64_t value = slot ? *slot : sy_memo_get(&m->memo, key);

	return value != 0 && push(h, value, len);
}

/* A tuple of at most 3 items none of which is a container; not where the ring wraps. */
static inline bool tuple(struct hot *h, size_t n)
{
	uint64_t *items = h->top - n, *head = h->words + h->words_at % SY_STORE_WORDS;
	uint64_t at = h->words_at;

	if ((size_t)(h->top - h->fence) < n ||
	    at % SY_STORE_WORDS + SY_TUPLE_HEAD + 3 > SY_STORE_WORDS)
		return false;
	for (size_t i = 0; i < n; i++) {
		if ((items[i] & SY_VALUE_BARE) || sy_value_is_container(items[i]))
			return false;
		head[SY_TUPLE_HEAD + i] = items[i];
	}
	head[0] = UINT64_C(1) << 32 | n;
	head[1] = 1 + n;
	h->words_at += SY_TUPLE_HEAD + n;
	h->top = items;
	return push(h, sy_value(SY_VALUE_TUPLE, at), 1);
}

static inline bool mark(struct sy_pickle *m, struct hot *h)
{
	if (m->n_marks >= m->cap_marks || m->n_marks >= m->ctx->limits.pickle_stack)
		return false;
	m->marks[m->n_marks++] = (uint32_t)(h->top - m->stack);
	h->fence = h->top;
	h->p++;
	return true;
}

/* Keys of which none is a name that the unpickler looks up. */
static inline bool are_plain_keys(const uint64_t *items, size_t n)
{
	for (size_t i = 0; i < n; i += 2) {
		enum sy_value_kind kind = sy_value_kind(items[i]);

		if (kind != SY_VALUE_INT &&
		    (kind != SY_VALUE_TEXT || sy_value_is_special(items[i])))
			return false;
	}
	return true;
}

/* APPENDS and SETITEMS of what is above the mark to the list or dict below it. */
static inline bool extend(struct sy_pickle *m, struct hot *h, enum sy_value_kind kind)
{
	uint64_t *outer = m->stack + (m->n_marks > 1 ? m->marks[m->n_marks - 2] : 0);
	size_t n = (size_t)(h->top - h->fence);
	uint64_t any = 0;

	if (m->n_marks == 0 || n == 0 || h->fence == outer || m->hears_items ||
	    sy_value_kind(h->fence[-1]) != kind)
		return false;
	for (size_t i = 0; i < n; i++)
		any |= h->fence[i];
	if ((any & SY_VALUE_BARE) || (kind == SY_VALUE_DICT &&
				      (n % 2 != 0 || !are_plain_keys(h->fence, n))))
		return false;
	m->store.words_at = h->words_at;
	sy_store_extend(&m->store, h->fence[-1], h->fence, n);
	h->top = h->fence;
	h->fence = outer;
	m->n_marks--;
	h->p++;
	return true;
}

/* One opcode, or false and nothing done: long, for it is a table. */
static inline bool plain(struct sy_pickle *m, struct hot *h)
{
	const uint8_t *p = h->p;

	switch (p[0]) {
	case SY_OP_MARK:
		return mark(m, h);
	case SY_OP_NONE:
		return push(h, sy_value(SY_VALUE_NONE, 0), 1);
	case SY_OP_NEWTRUE:
		return push(h, sy_value(SY_VALUE_BOOL, 1), 1);
	case SY_OP_NEWFALSE:
		return push(h, sy_value(SY_VALUE_BOOL, 0), 1);
	case SY_OP_BININT1:
		return push(h, sy_value_int(p[1]), 2);
	case SY_OP_BININT2:
		return push(h, sy_value_int((int64_t)u16(p + 1)), 3);
	case SY_OP_BININT:
		return push(h, sy_value_int((int64_t)i32(p + 1)), 5);
	case SY_OP_BINFLOAT:
		return push(h, sy_value(SY_VALUE_NUMBER, here(h)), 9);
	case SY_OP_SHORT_BINUNICODE:
		return text(h, 2, p[1]);
	case SY_OP_BINUNICODE:
		return text(h, 5, u32(p + 1));
	case SY_OP_EMPTY_LIST:
		return push(h, sy_store_list(&m->store, SY_VALUE_LIST), 1);
	case SY_OP_EMPTY_DICT:
		return push(h, sy_store_list(&m->store, SY_VALUE_DICT), 1);
	case SY_OP_EMPTY_TUPLE:
		return tuple(h, 0);
	case SY_OP_TUPLE1:
		return tuple(h, 1);
	case SY_OP_TUPLE2:
		return tuple(h, 2);
	case SY_OP_TUPLE3:
		return tuple(h, 3);
	case SY_OP_APPENDS:
		return extend(m, h, SY_VALUE_LIST);
	case SY_OP_SETITEMS:
		return extend(m, h, SY_VALUE_DICT);
	case SY_OP_BINPUT:
		return put(m, h, p[1], 2);
	case SY_OP_LONG_BINPUT:
		return put(m, h, u32(p + 1), 5);
	case SY_OP_MEMOIZE:
		return memoize(h);
	case SY_OP_BINGET:
		return get(m, h, p[1], 2);
	case SY_OP_LONG_BINGET:
		return get(m, h, u32(p + 1), 5);
	default:
		return false;
	}
}

/* The places in which the next values are memoized, up to the end of the page. */
static void take_memo(const struct sy_pickle *m, struct hot *h)
{
	const struct sy_pickle_memo *memo = &m->memo;
	uint64_t left = SY_MEMO_PAGE - (memo->n_filled & (SY_MEMO_PAGE - 1));

	h->memo = sy_memo_slot(memo, memo->n_filled);
	if (!h->memo || memo->n_filled >= m->ctx->limits.pickle_memo)
		return;
	h->memo_left = m->ctx->limits.pickle_memo - memo->n_filled;
	if (h->memo_left > left)
		h->memo_left = left;
}

static struct hot take(const struct sy_pickle *m)
{
	const struct sy_pickle_reader *r = &m->reader;
	struct hot h = {
		.p = r->next, .end = r->end, .top = m->stack + m->n,
		.ceiling = m->stack + m->cap, .fence = m->stack + m->fence,
		.at = sy_reader_at(r) - (uint64_t)(uintptr_t)r->next,
		.words = m->store.words, .words_at = m->store.words_at,
	};

	take_memo(m, &h);
	if (m->frame_end != 0) {
		uint64_t left = m->frame_end - sy_reader_at(r);

		if (m->frame_end <= sy_reader_at(r))
			h.end = h.p;
		else if (left < (uint64_t)(h.end - h.p))
			h.end = h.p + left;
	}
	return h;
}

void sy_machine_run_plain(struct sy_pickle *m)
{
	struct hot h = take(m);

	while (h.end - h.p > (ptrdiff_t)LONGEST && h.top < h.ceiling && plain(m, &h))
		h.n++;
	m->reader.next = h.p;
	m->n = (size_t)(h.top - m->stack);
	m->fence = (size_t)(h.fence - m->stack);
	m->n_opcodes += h.n;
	m->store.words_at = h.words_at;
	m->memo.n_filled += h.n_memoized;
}
