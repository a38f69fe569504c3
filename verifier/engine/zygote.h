/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The zygote: a small process that has seen no file, forks a fresh worker for
 * each job and tells when it ended.
 */
#ifndef SY_ENGINE_ZYGOTE_H
#define SY_ENGINE_ZYGOTE_H

#include "formats/format.h"

/*
 * Serves jobs on `socket` with the formats of the list (NULL-terminated) until
 * the socket closes; then kills the workers that are left.  Returns the exit
 * status: 0, 4 when the descriptor is not such a socket.
 */
int sy_zygote_serve(int socket, const struct sy_format *const *formats);

#endif
