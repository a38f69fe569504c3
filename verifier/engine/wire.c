/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages between the main process and the zygote.  Copies plain structs,
 * since both ends are one build on one machine; descriptors travel beside them.
 */
#include "verifier/engine/wire.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "verifier/base/set.h"
#include "verifier/report/rules.h"

#define N_FDS 3	/* the third one, scratch, may be missing */

/* The packet: this, and for a job the format's name, base and path. */
struct head {
	uint32_t kind;
	uint32_t ticket;
	uint32_t end;
	int32_t code;
	uint64_t fingerprint;
};

struct job_head {
	uint64_t size;
	uint32_t wants, cage;
	uint32_t format_len, base_len, path_len;	/* bytes */
	uint8_t hash_key[16];
	struct sy_limits limits;
};

/* Room for N_FDS descriptors, aligned as the kernel wants it. */
union fd_space {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(N_FDS * sizeof(int))];
};

static uint64_t mix(uint64_t sum, const char *word)
{
	static const uint8_t key[16] = "steelyard wire 1";

	return sum * UINT64_C(0x9e3779b97f4a7c15) ^
	       sy_siphash(key, sy_span_str(word));
}

uint64_t sy_wire_fingerprint(void)
{
	uint64_t sum = sizeof(struct head) + sizeof(struct job_head);

	for (unsigned rule = 0; rule < SY_N_RULES; rule++)
		sum = mix(sum, sy_rule_info(rule)->id);
#define LIMIT(field, name, value, unit, what) sum = mix(sum, name);
#include "verifier/base/limits.def"
#undef LIMIT
	return sum;
}

static void attach_fds(struct msghdr *packet, union fd_space *space,
		       const struct sy_wire_job *job)
{
	int fds[N_FDS] = { job->source_fd, job->pipe_fd, job->scratch_fd };
	size_t len = (job->scratch_fd < 0 ? N_FDS - 1 : N_FDS) * sizeof(int);
	struct cmsghdr *c;

	packet->msg_control = space->bytes;
	packet->msg_controllen = CMSG_SPACE(len);
	c = CMSG_FIRSTHDR(packet);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(c), fds, len);
}

/* iovec has no const; sendmsg does not write through it. */
static struct iovec part(const void *data, size_t len)
{
	union {
		const void *in;
		void *out;
	} p = { .in = data };

	return (struct iovec){ .iov_base = p.out, .iov_len = len };
}

static bool send_packet(int socket, const struct msghdr *packet, int flags)
{
	ssize_t n;

	do {
		n = sendmsg(socket, packet, flags | MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	return n >= 0;
}

bool sy_wire_send(int socket, const struct sy_wire_message *message, int flags)
{
	const struct sy_wire_job *job = &message->job;
	struct head head = {
		.kind = message->kind, .ticket = message->ticket,
		.end = message->end, .code = message->code,
		.fingerprint = message->fingerprint,
	};
	struct job_head job_head = { .size = job->size, .wants = job->wants,
				     .cage = job->cage, .limits = job->limits };
	struct iovec parts[5] = { part(&head, sizeof(head)) };
	struct msghdr packet = { .msg_iov = parts, .msg_iovlen = 1 };
	union fd_space space = { .bytes = { 0 } };

	if (message->kind != SY_WIRE_JOB)
		return send_packet(socket, &packet, flags);
	if (job->format.len > SY_WIRE_BYTES_MAX || job->base.len > SY_WIRE_BYTES_MAX ||
	    job->path.len > SY_WIRE_BYTES_MAX ||
	    sizeof(head) + sizeof(job_head) + job->format.len + job->base.len +
	    job->path.len > SY_WIRE_BYTES_MAX) {
		errno = EMSGSIZE;
		return false;
	}
	job_head.format_len = (uint32_t)job->format.len;
	job_head.base_len = (uint32_t)job->base.len;
	job_head.path_len = (uint32_t)job->path.len;
	memcpy(job_head.hash_key, job->hash_key, sizeof(job_head.hash_key));
	head.ticket = job->ticket;
	parts[1] = part(&job_head, sizeof(job_head));
	parts[2] = part(job->format.data, job->format.len);
	parts[3] = part(job->base.data, job->base.len);
	parts[4] = part(job->path.data, job->path.len);
	packet.msg_iovlen = SY_N_ELEMS(parts);
	attach_fds(&packet, &space, job);
	return send_packet(socket, &packet, flags);
}

/* Takes the descriptors that came along; closes what was not expected. */
static bool detach_fds(struct msghdr *packet, bool is_job, struct sy_wire_job *job)
{
	int fds[N_FDS] = { -1, -1, -1 };
	struct cmsghdr *c = CMSG_FIRSTHDR(packet);

	if (!c)
		return !is_job;
	if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS ||
	    c->cmsg_len > CMSG_LEN(sizeof(fds)))
		return false;
	memcpy(fds, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
	if (is_job && fds[1] >= 0) {
		job->source_fd = fds[0];
		job->pipe_fd = fds[1];
		job->scratch_fd = fds[2];
		return true;
	}
	for (size_t i = 0; i < N_FDS; i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
	return false;
}

static bool read_job(struct sy_span rest, struct sy_wire_job *job)
{
	struct job_head head;

	if (rest.len < sizeof(head))
		return false;
	memcpy(&head, rest.data, sizeof(head));
	rest = sy_span_slice(rest, sizeof(head), SIZE_MAX);
	if ((uint64_t)head.format_len + head.base_len + head.path_len != rest.len)
		return false;
	job->size = head.size;
	job->wants = head.wants;
	job->cage = head.cage;
	job->limits = head.limits;
	memcpy(job->hash_key, head.hash_key, sizeof(job->hash_key));
	job->format = sy_span_slice(rest, 0, head.format_len);
	job->base = sy_span_slice(rest, head.format_len, head.base_len);
	job->path = sy_span_slice(rest, (size_t)head.format_len + head.base_len,
				  head.path_len);
	return true;
}

static bool read_message(struct sy_span bytes, struct msghdr *packet,
			 struct sy_wire_message *message)
{
	struct head head = { .kind = 0 };
	bool is_job;

	if (bytes.len >= sizeof(head))
		memcpy(&head, bytes.data, sizeof(head));
	is_job = head.kind == SY_WIRE_JOB;
	if (!detach_fds(packet, is_job, &message->job))
		return false;
	if (packet->msg_flags & (MSG_TRUNC | MSG_CTRUNC) ||
	    head.kind < SY_WIRE_HELLO || head.kind > SY_WIRE_ENDED ||
	    head.end > SY_WIRE_NOT_STARTED)
		return false;
	message->kind = (enum sy_wire_kind)head.kind;
	message->ticket = message->job.ticket = head.ticket;
	message->end = (enum sy_wire_end)head.end;
	message->code = head.code;
	message->fingerprint = head.fingerprint;
	bytes = sy_span_slice(bytes, sizeof(head), SIZE_MAX);
	return is_job ? read_job(bytes, &message->job) : bytes.len == 0;
}

enum sy_wire_result sy_wire_receive(int socket, int flags, void *buffer,
				    size_t cap, struct sy_wire_message *message)
{
	struct iovec parts = { .iov_base = buffer, .iov_len = cap };
	union fd_space space;
	struct msghdr packet = {
		.msg_iov = &parts, .msg_iovlen = 1,
		.msg_control = space.bytes, .msg_controllen = sizeof(space.bytes),
	};
	ssize_t n = recvmsg(socket, &packet, flags | MSG_CMSG_CLOEXEC);

	*message = (struct sy_wire_message){ .kind = SY_WIRE_HELLO, .job.scratch_fd = -1 };
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return SY_WIRE_NOTHING;
	if (n <= 0)
		return SY_WIRE_CLOSED;
	if (!read_message(sy_span_of(buffer, (size_t)n), &packet, message))
		return SY_WIRE_CLOSED;
	return SY_WIRE_GOT;
}
