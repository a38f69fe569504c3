/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Containers and what they hold.  A container's inspect says what members there
 * are; they are opened, recognised and inspected after it, depth first, from a
 * list and not by recursion.  What a member says goes out as if the file itself
 * said it, with the names on the way to it.
 */
#ifndef SY_FORMATS_NEST_H
#define SY_FORMATS_NEST_H

#include "formats/format.h"
#include "verifier/input/codec.h"

struct sy_member {
	struct sy_span name;		/* data; lives in the container's arena */
	enum sy_codec codec;
	uint64_t off, len;		/* stored bytes, in the container's source */
	uint64_t size;			/* decoded bytes as declared; SY_OFFSET_NONE: not */
	bool has_crc;			/* compare it (reads every byte) */
	uint32_t crc32;			/* of the decoded bytes */
	bool is_encrypted;		/* says a flag: that it cannot be read is no fact more */
	/*
	 * Who reads it: the loader's reader, whatever it looks like; or nobody, since
	 * it is raw tensor data, which is only looked at for what may hide there.
	 * Neither: content and name decide, as for a file in a directory.
	 */
	const struct sy_format *format;
	bool is_storage;
	bool is_unnamed;		/* its name says nothing, and so hides nothing */
};

struct sy_nest;

/*
 * Called by a container during its inspect: *member (copied; its name is not) is
 * looked at after that, and its MEMBER record says as what.  Without a driver
 * (in->nest NULL) it fails with SY_UNSUPPORTED: a member is never forgotten in silence.
 */
SY_MUST_CHECK enum sy_status sy_nest_add(struct sy_inspection *in,
					 const struct sy_member *member);

/* The MEMBER record only, of one that is not looked at, or was ("folder", "pickle"). */
SY_MUST_CHECK enum sy_status sy_nest_list(struct sy_inspection *in,
					  const struct sy_member *member,
					  const char *format);

/*
 * The same as sy_nest_add at once, for a container that needs to know what its member says: the
 * member is opened and given to `fn`, with the user pointer.  What was added by
 * sy_nest_add meanwhile belongs to the member and is looked at before it returns
 * to the container's other members.  Emits no MEMBER record.
 */
typedef enum sy_status sy_member_fn(struct sy_inspection *member, void *user);
SY_MUST_CHECK enum sy_status sy_nest_open(struct sy_inspection *in,
					  const struct sy_member *member,
					  sy_member_fn *fn, void *user);

/*
 * One file, whole: format->inspect, every member below it, and the counts of
 * facts beyond the cap.  scratch_fd: a file for decoded members, -1 for none.
 * The status is the first one that ended it; a member that cannot be read to its
 * end is a fact, and its neighbours are looked at all the same.
 */
SY_MUST_CHECK enum sy_status sy_nest_inspect(struct sy_inspection *in,
					     const struct sy_format *format,
					     int scratch_fd);

#endif
