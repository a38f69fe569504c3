/* SPDX-License-Identifier: Apache-2.0 */
/* Names of the ways something may end.  Never decides anything. */
#include "verifier/base/status.h"

#include <string.h>

const char *sy_status_name(enum sy_status status)
{
	switch (status) {
	case SY_OK: return "ok";
	case SY_NO_MEMORY: return "out-of-memory";
	case SY_IO: return "io";
	case SY_LIMIT: return "limit";
	case SY_CANCELLED: return "interrupted";
	case SY_FORMAT: return "malformed";
	case SY_UNSUPPORTED: return "unsupported";
	case SY_CHANGED: return "changed-while-read";
	case SY_WORKER: return "worker-died";
	case SY_NOT_FOUND: return "not-found";
	case SY_USAGE: return "usage";
	case SY_N_STATUS: break;
	}
	return "unknown";
}

const char *sy_error_reason(const struct sy_error *error)
{
	static const char *const names[] = {
		NULL,
#define FAILURE(ident, name, meaning) name,
#include "verifier/base/failure.def"
#undef FAILURE
	};

	return error->failure == SY_FAILURE_NONE ? sy_status_name(error->status)
						 : names[error->failure];
}

const char *sy_errno_text(int sys_errno)
{
	const char *text = strerrordesc_np(sys_errno);

	return text ? text : "Unknown error";	/* some file systems invent numbers */
}
