/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of one worker process, from fork to _exit.
 */
#ifndef SY_ENGINE_CHILD_H
#define SY_ENGINE_CHILD_H

#include <sys/types.h>

#include "formats/format.h"
#include "verifier/engine/wire.h"

/* Exit statuses beside 0; the main process only sees that it was not 0. */
enum { SY_CHILD_UNCONFINED = 2, SY_CHILD_UNHEARD = 3 };

/*
 * Confines this process (a fresh fork of `zygote`), examines the job with the
 * format of that name in `formats` (NULL-terminated), writes records to the
 * job's pipe, and ends the process.
 */
_Noreturn void sy_child_run(const struct sy_wire_job *job,
			    const struct sy_format *const *formats, pid_t zygote);

#endif
