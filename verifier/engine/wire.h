/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the main process and the zygote say to each other: one message a packet
 * over a SOCK_SEQPACKET socket pair.  Both are parts of one build, which the
 * fingerprint in the first message proves; nothing here is ever read from a
 * process that has seen a file.
 */
#ifndef SY_ENGINE_WIRE_H
#define SY_ENGINE_WIRE_H

#include "verifier/base/context.h"
#include "verifier/base/span.h"

#define SY_WIRE_SOCKET 3		/* the zygote's end */
#define SY_WIRE_BYTES_MAX (1u << 17)	/* of one message */
#define SY_WIRE_JOBS_MAX 256		/* at once */

enum sy_wire_kind {
	SY_WIRE_HELLO = 1,	/* zygote, first: its fingerprint, its cage */
	SY_WIRE_JOB,		/* main: examine this */
	SY_WIRE_KILL,		/* main: end that job's process */
	SY_WIRE_ENDED		/* zygote: that job's process is gone */
};

enum sy_wire_end {
	SY_WIRE_EXITED,		/* code: exit status */
	SY_WIRE_SIGNALLED,	/* code: signal number */
	SY_WIRE_NOT_STARTED	/* code: errno of fork */
};

struct sy_wire_job {
	uint32_t ticket;		/* unique while the job runs */
	unsigned wants;			/* enum sy_want */
	unsigned cage;			/* mask of enum sy_cage_layer */
	uint64_t size;			/* of the file when it was opened, bytes */
	struct sy_limits limits;
	uint8_t hash_key[16];
	struct sy_span format;		/* its name */
	struct sy_span base, path;	/* data */
	int source_fd, pipe_fd;		/* receiver: owns them */
	int scratch_fd;			/* the same; -1: none */
};

struct sy_wire_message {
	enum sy_wire_kind kind;
	uint32_t ticket;		/* KILL, ENDED */
	enum sy_wire_end end;		/* ENDED */
	int code;			/* ENDED; HELLO: layers of the cage it can make */
	uint64_t fingerprint;		/* HELLO */
	struct sy_wire_job job;		/* JOB; spans point into the buffer */
};

enum sy_wire_result { SY_WIRE_GOT, SY_WIRE_NOTHING, SY_WIRE_CLOSED };

/* Changes whenever rules, limits or the messages themselves change. */
uint64_t sy_wire_fingerprint(void);

/* flags: of send(2).  False: errno says why. */
SY_MUST_CHECK bool sy_wire_send(int socket, const struct sy_wire_message *message,
				int flags);

/*
 * Receives one message into buffer (`cap` bytes, at least 64).  NOTHING: none
 * there (MSG_DONTWAIT) or interrupted; CLOSED: the other end is gone, or what
 * came is not a message.
 */
SY_MUST_CHECK enum sy_wire_result sy_wire_receive(int socket, int flags,
						  void *buffer, size_t cap,
						  struct sy_wire_message *message);

#endif
