/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known about importable names: data, not code.  Deny by default: a
 * name that is in neither table is unknown.
 */
#ifndef SY_FORMATS_PICKLE_KNOWLEDGE_H
#define SY_FORMATS_PICKLE_KNOWLEDGE_H

#include "verifier/base/attr.h"
#include "verifier/base/span.h"

enum sy_global_class { SY_GLOBAL_UNKNOWN, SY_GLOBAL_SAFE, SY_GLOBAL_DANGEROUS };

/* Why a name is dangerous: one word for the finding's sentence. */
enum sy_danger {
	SY_DANGER_NONE,
	SY_DANGER_SHELL,	/* starts programs */
	SY_DANGER_CODE,		/* compiles or runs Python */
	SY_DANGER_NATIVE,	/* loads native code, touches memory */
	SY_DANGER_NETWORK,
	SY_DANGER_FILE,		/* reads, writes, removes files */
	SY_DANGER_INDIRECT,	/* reaches any other name: getattr chains, importers */
	SY_DANGER_LOADER,	/* unpickles or loads something further */
	SY_DANGER_PROCESS,	/* ends, forks, debugs, alters the interpreter */
	SY_DANGER_TAMPER,	/* changes imports, modules, scanners */
	SY_N_DANGERS
};

/* How a known-safe name may be used; anything else makes it unknown. */
enum sy_safe_use {
	SY_USE_IMPORT = 1 << 0,	/* named, as a class or constant in data */
	SY_USE_CALL = 1 << 1,	/* REDUCE, any plain arguments */
	SY_USE_NEW = 1 << 2,	/* NEWOBJ, NEWOBJ_EX, OBJ, INST */
	SY_USE_BUILD = 1 << 3,	/* BUILD on its instances with plain state */
	SY_USE_ITEMS = 1 << 4,	/* APPEND(S), SETITEM(S), ADDITEMS on its instances */
	SY_USE_GETATTR = 1 << 5,	/* only getattr(class with MEMBER, plain literal name) */
	SY_USE_NESTED = 1 << 6,	/* only called with literal bytes, judged as a stream */
	/*
	 * With CALL: calls, or keeps for calls while loading, one of its arguments
	 * (judge_args.c says which): that one needs CALL itself.  Elsewhere a class or
	 * function in an argument only needs IMPORT.
	 */
	SY_USE_FACTORY = 1 << 7,
	SY_USE_MEMBER = 1 << 8,	/* an enumeration: CALL takes one value, getattr a member */
	SY_USE_KEYS = 1 << 9	/* SETITEM(S) on its instances, where keys are attributes */
};

struct sy_global_info {
	enum sy_global_class class;
	enum sy_danger danger;
	unsigned uses;			/* SAFE: enum sy_safe_use */
	bool is_weights_only;		/* torch.load(weights_only=True) of 2.6 takes it */
	const char *reason;		/* a few words for people; never NULL */
};

/*
 * Looks a name up as the unpickler would resolve it (Python 3 names; the caller
 * applies sy_global_py2 before when the protocol asks for it).  `name` may be
 * dotted: every component and every tail counts, leading underscores aside, so
 * `random` `_os.system` is dangerous.  A dangerous reading wins over a safe one.
 */
struct sy_global_info sy_global_find(struct sy_span module, struct sy_span name);

/* "shell", "code", ... as in sentences and reports. */
const char *sy_danger_name(enum sy_danger danger);

/*
 * Python 2 to 3 (pickle protocols below 3, fix_imports): NAME_MAPPING, then
 * IMPORT_MAPPING of CPython's _compat_pickle.  False: no such name, unchanged.
 */
bool sy_global_py2(struct sy_span *module, struct sy_span *name);

#endif
