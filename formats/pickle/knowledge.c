/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks importable names up in four sorted tables.  Nothing is imported, and
 * no name is normalised: what Python would not find, is not found here.
 *
 * A name is read in every way in which Python could reach something by it: as
 * it stands (the only reading that can be safe); as attributes of modules that
 * modules hold (`torch` `hub.load`); and from each later component on, without
 * leading underscores, since modules keep what they import under such names
 * (`random` `_os.system`).  One dangerous reading is enough.
 */
#include "formats/pickle/knowledge.h"

/*
 * Names in libraries have at most a handful of components.  Longer ones are
 * dangerous: no one writes them but to hide something, and each component
 * costs lookups.
 */
#define PATH_BYTES_MAX 1024
#define PATH_PARTS_MAX 32
/* Longest row, in components: more need not be looked up. */
#define ROW_PARTS_MAX 8

/* What a row says: a danger, uses, or nothing. */
struct row {
	const char *module;	/* "*": the name is a component, anywhere */
	const char *name;	/* "*": all of the module, and modules below it */
	uint8_t module_len, name_len;
	uint16_t value;
	const char *reason;
};

struct table {
	const struct row *rows;	/* by module, then name; bytewise */
	size_t n;
};

#define KEY(m, a) .module = m, .name = a, .module_len = sizeof(m) - 1, \
	.name_len = sizeof(a) - 1

static const struct row dangerous_rows[] = {
#define DANGER(m, a, kind, text) \
	{ KEY(m, a), .value = SY_DANGER_##kind, .reason = text },
#include "formats/pickle/dangerous.def"
#undef DANGER
};

static const struct row safe_rows[] = {
#define IMPORT SY_USE_IMPORT
#define CALL SY_USE_CALL
#define NEW SY_USE_NEW
#define BUILD SY_USE_BUILD
#define ITEMS SY_USE_ITEMS
#define GETATTR SY_USE_GETATTR
#define NESTED SY_USE_NESTED
#define FACTORY SY_USE_FACTORY
#define KEYS SY_USE_KEYS
#define OBJECT (IMPORT | NEW | BUILD)	/* how most classes are pickled */
#define INSTANCE (NEW | BUILD)		/* whose constructor does more than that */
#define ENUM (IMPORT | CALL | SY_USE_MEMBER)
#define SAFE(m, a, how, text) { KEY(m, a), .value = (how), .reason = text },
#include "formats/pickle/safe.def"
#undef SAFE
#undef ENUM
#undef INSTANCE
#undef OBJECT
#undef KEYS
#undef FACTORY
#undef NESTED
#undef GETATTR
#undef ITEMS
#undef BUILD
#undef NEW
#undef CALL
#undef IMPORT
};

static const struct row weights_only_rows[] = {
#define WEIGHTS_ONLY(m, a) { KEY(m, a), .reason = "" },
#include "formats/pickle/weights_only.def"
#undef WEIGHTS_ONLY
};

/* Python 2 names; the new ones stand beside them. */
static const struct row py2_rows[] = {
#define PY2(m, a, module3, name3) { KEY(m, a), .reason = "" },
#include "formats/pickle/py2.def"
#undef PY2
};

static const struct { const char *module, *name; } py3_names[] = {
#define PY2(m, a, module3, name3) { module3, name3 },
#include "formats/pickle/py2.def"
#undef PY2
};

#define TABLE(rows_) { rows_, SY_N_ELEMS(rows_) }
static const struct table dangerous = TABLE(dangerous_rows);
static const struct table safe = TABLE(safe_rows);
static const struct table weights_only = TABLE(weights_only_rows);
static const struct table py2 = TABLE(py2_rows);

/* Folders in which libraries keep copies of others: below them begins anew. */
static const char *const vendor_folders[] = {
	"_vendor", "_vendored_packages", "extern", "externals", "packages",
	"third_party", "thirdparty", "vendor", "vendored",
};

static int compare(const struct row *row, struct sy_span module, struct sy_span name)
{
	int order = sy_span_compare(sy_span_of(row->module, row->module_len), module);

	if (order)
		return order;
	return sy_span_compare(sy_span_of(row->name, row->name_len), name);
}

/* The first row that is not before (module, name). */
static size_t lower_bound(const struct table *table, struct sy_span module,
			  struct sy_span name)
{
	size_t first = 0, n = table->n;

	while (n > 0) {
		size_t half = n / 2;

		if (compare(&table->rows[first + half], module, name) < 0) {
			first += half + 1;
			n -= half + 1;
		} else {
			n = half;
		}
	}
	return first;
}

static const struct row *find(const struct table *table, struct sy_span module,
			      struct sy_span name)
{
	size_t i = lower_bound(table, module, name);

	if (i == table->n || compare(&table->rows[i], module, name) != 0)
		return NULL;
	return &table->rows[i];
}

/* Module and name as one path of components. */
struct path {
	uint8_t text[PATH_BYTES_MAX + 2];
	size_t at[PATH_PARTS_MAX + 1];	/* start of each; the last: one past all */
	size_t n;
	size_t n_module;		/* of them in the module's name */
};

static bool path_add(struct path *path, struct sy_span text)
{
	size_t at = path->at[path->n];

	if (text.len > PATH_BYTES_MAX || at + text.len > PATH_BYTES_MAX)
		return false;
	for (size_t i = 0; i <= text.len; i++, at++) {
		path->text[at] = i < text.len ? text.data[i] : '.';
		if (path->text[at] != '.')
			continue;
		if (path->n == PATH_PARTS_MAX)
			return false;
		path->at[++path->n] = at + 1;
	}
	return true;
}

static bool path_init(struct path *path, struct sy_span module, struct sy_span name)
{
	path->n = 0;
	path->at[0] = 0;
	if (!path_add(path, module))
		return false;
	path->n_module = path->n;
	return path_add(path, name);
}

/* Components [first, last), joined; `skip` bytes of the first left out. */
static struct sy_span path_part(const struct path *path, size_t first, size_t last,
				size_t skip)
{
	size_t start = path->at[first] + skip;

	return sy_span_of(path->text + start, path->at[last] - 1 - start);
}

static size_t n_underscores(const struct path *path, size_t part)
{
	struct sy_span text = path_part(path, part, part + 1, 0);
	size_t n = 0;

	while (n < text.len && text.data[n] == '_')
		n++;
	return n;
}

/* Whether any row's module is `top`, or below it: spares most lookups. */
static bool is_known_top(struct sy_span top)
{
	size_t i = lower_bound(&dangerous, top, sy_span_of(NULL, 0));
	const struct row *row = &dangerous.rows[i];

	return i < dangerous.n && !sy_span_is(top, "*") && row->module_len >= top.len &&
	       (top.len == 0 || !memcmp(row->module, top.data, top.len)) &&
	       (row->module_len == top.len || row->module[top.len] == '.');
}

/* Components from `first` as module and attributes; the longest module wins. */
static const struct row *danger_of_tail(const struct path *path, size_t first, size_t skip)
{
	size_t last = path->n - 1;

	if (!is_known_top(path_part(path, first, first + 1, skip)))
		return NULL;
	if (last > first + ROW_PARTS_MAX)
		last = first + ROW_PARTS_MAX;
	for (size_t split = last; split > first; split--) {
		struct sy_span module = path_part(path, first, split, skip);
		const struct row *row = NULL;

		if (split + 2 <= path->n)
			row = find(&dangerous, module, path_part(path, split, split + 2, 0));
		if (!row)
			row = find(&dangerous, module, path_part(path, split, split + 1, 0));
		if (!row)
			row = find(&dangerous, module, sy_span_str("*"));
		if (row)
			return row;
	}
	return NULL;
}

static const struct row *danger_from(const struct path *path, size_t first)
{
	size_t skip = n_underscores(path, first);
	const struct row *row = danger_of_tail(path, first, 0);

	if (!row && skip > 0)
		row = danger_of_tail(path, first, skip);
	return row;
}

/*
 * Components that are dangerous wherever they stand.  Those that are modules
 * (`os`) count as attributes only: `mylib.os` is a module of its own.
 */
static const struct row *danger_of_part(const struct path *path, size_t part)
{
	size_t skip = part < path->n_module ? 0 : n_underscores(path, part);
	struct sy_span text = path_part(path, part, part + 1, 0);
	const struct row *row = NULL;

	if (part >= path->n_module || sy_span_starts(text, "__"))
		row = find(&dangerous, sy_span_str("*"), text);
	if (!row && skip > 0)
		row = find(&dangerous, sy_span_str("*"), sy_span_slice(text, skip, text.len));
	return row;
}

/* Whether a library of its own begins at this component of a module's name. */
static bool is_vendored(const struct path *path, size_t part)
{
	struct sy_span above = path_part(path, part - 1, part, 0);

	if (sy_span_is(path_part(path, part, part + 1, 0), "six"))
		return true;
	for (size_t i = 0; i < SY_N_ELEMS(vendor_folders); i++)
		if (sy_span_is(above, vendor_folders[i]))
			return true;
	return false;
}

/* The reading that begins last is the nearest to what is reached in the end. */
static const struct row *danger_of(const struct path *path)
{
	const struct row *row = NULL;

	for (size_t part = path->n - 1; !row && part-- > 0;)
		if (part == 0 || part >= path->n_module || is_vendored(path, part))
			row = danger_from(path, part);
	for (size_t part = 0; !row && part < path->n; part++)
		row = danger_of_part(path, part);
	return row;
}

static void set_danger(struct sy_global_info *info, enum sy_danger danger,
		       const char *reason)
{
	info->class = SY_GLOBAL_DANGEROUS;
	info->danger = danger;
	info->reason = reason;
}

static void set_safe(struct sy_global_info *info, const struct row *row)
{
	info->class = SY_GLOBAL_SAFE;
	info->uses = row->value;
	info->reason = row->reason;
}

/*
 * The classes of a TorchScript archive: made up by PyTorch for each archive, and
 * no modules that Python could import.
 */
static bool is_torchscript(struct sy_span module)
{
	return sy_span_is(module, "__torch__") || sy_span_starts(module, "__torch__.");
}

struct sy_global_info sy_global_find(struct sy_span module, struct sy_span name)
{
	struct sy_global_info info = { .reason = "not on the list" };
	const struct row *row = find(&safe, module, name);
	struct path path;

	info.is_weights_only = find(&weights_only, module, name) != NULL;
	if (row && !sy_span_is(name, "*")) {
		set_safe(&info, row);
		return info;
	}
	if (!path_init(&path, module, name)) {
		set_danger(&info, SY_DANGER_INDIRECT,
			   "longer than any name is: it hides what it reaches");
		return info;
	}
	row = danger_of(&path);
	if (row)
		set_danger(&info, (enum sy_danger)row->value, row->reason);
	else if (is_torchscript(module))
		set_safe(&info, find(&safe, sy_span_str("__torch__"), sy_span_str("*")));
	return info;
}

const char *sy_danger_name(enum sy_danger danger)
{
	static const char *const names[SY_N_DANGERS] = {
		[SY_DANGER_NONE] = "none",
		[SY_DANGER_SHELL] = "shell",
		[SY_DANGER_CODE] = "code",
		[SY_DANGER_NATIVE] = "native code",
		[SY_DANGER_NETWORK] = "network",
		[SY_DANGER_FILE] = "file",
		[SY_DANGER_INDIRECT] = "indirect import",
		[SY_DANGER_LOADER] = "loader",
		[SY_DANGER_PROCESS] = "process",
		[SY_DANGER_TAMPER] = "tamper",
	};

	return names[danger];
}

/* Names before modules, as CPython does; "*" is a name that no file can mean. */
bool sy_global_py2(struct sy_span *module, struct sy_span *name)
{
	const struct row *row = NULL;

	if (!sy_span_is(*name, "*"))
		row = find(&py2, *module, *name);
	if (row) {
		*name = sy_span_str(py3_names[row - py2_rows].name);
	} else {
		row = find(&py2, *module, sy_span_str("*"));
		if (!row)
			return false;
	}
	*module = sy_span_str(py3_names[row - py2_rows].module);
	return true;
}
