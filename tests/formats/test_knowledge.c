/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of importable names: their shape, and how names are looked up. */
#include "tests/support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "formats/pickle/knowledge.h"

struct entry { const char *module, *name, *reason; int value; };

#define DANGER(m, a, kind, text) { m, a, text, SY_DANGER_##kind },
static const struct entry dangerous[] = {
#include "formats/pickle/dangerous.def"
};

enum { IMPORT = SY_USE_IMPORT, CALL = SY_USE_CALL, NEW = SY_USE_NEW, BUILD = SY_USE_BUILD,
       ITEMS = SY_USE_ITEMS, GETATTR = SY_USE_GETATTR, NESTED = SY_USE_NESTED,
       FACTORY = SY_USE_FACTORY, KEYS = SY_USE_KEYS, OBJECT = IMPORT | NEW | BUILD,
       INSTANCE = NEW | BUILD, ENUM = IMPORT | CALL | SY_USE_MEMBER };

#define SAFE(m, a, how, text) { m, a, text, how },
static const struct entry safe[] = {
#include "formats/pickle/safe.def"
};

#define WEIGHTS_ONLY(m, a) { m, a, "-", 0 },
static const struct entry weights_only[] = {
#include "formats/pickle/weights_only.def"
};

#define PY2(m, a, module3, name3) { m, a, module3, 0 },
static const struct entry py2[] = {
#include "formats/pickle/py2.def"
};

static struct sy_global_info look(const char *module, const char *name)
{
	return sy_global_find(sy_span_str(module), sy_span_str(name));
}

static int order(const struct entry *a, const struct entry *b)
{
	int modules = strcmp(a->module, b->module);

	return modules ? modules : strcmp(a->name, b->name);
}

/* A row of more components than are looked up would never be found. */
static size_t n_parts(const char *text)
{
	size_t n = 1;

	for (; *text; text++)
		n += *text == '.';
	return n;
}

static void check_table(const struct entry *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		assert_true(rows[i].module[0] && rows[i].name[0] && rows[i].reason[0]);
		assert_true(strlen(rows[i].module) < 256 && strlen(rows[i].name) < 256);
		assert_true(n_parts(rows[i].module) <= 8 && n_parts(rows[i].name) <= 2);
		if (i > 0 && order(&rows[i - 1], &rows[i]) >= 0)
			fail_msg("%s %s stands behind %s %s", rows[i].module, rows[i].name,
				 rows[i - 1].module, rows[i - 1].name);
	}
}

static void the_tables_are_sorted_unique_and_reasoned(void **state)
{
	(void)state;
	check_table(dangerous, SY_N_ELEMS(dangerous));
	check_table(safe, SY_N_ELEMS(safe));
	check_table(weights_only, SY_N_ELEMS(weights_only));
	check_table(py2, SY_N_ELEMS(py2));
}

static void no_name_is_both(void **state)
{
	size_t i = 0, j = 0;

	(void)state;
	while (i < SY_N_ELEMS(dangerous) && j < SY_N_ELEMS(safe)) {
		int cmp = order(&dangerous[i], &safe[j]);

		if (cmp == 0)
			fail_msg("%s %s is both", safe[j].module, safe[j].name);
		if (cmp < 0)
			i++;
		else
			j++;
	}
}

/* Names that run code or load something, and so must never be among the safe. */
static void the_safe_are_not_what_others_mistook_for_it(void **state)
{
	static const char *const names[][2] = {
		{ "torch", "load" }, { "torch", "save" }, { "dill", "loads" },
		{ "dill._dill", "_create_function" }, { "_pickle", "Unpickler" },
		{ "cloudpickle.cloudpickle", "_make_function" }, { "joblib", "load" },
		{ "joblib.numpy_pickle", "NDArrayWrapper" }, { "builtins", "map" },
		{ "builtins", "filter" }, { "collections", "namedtuple" },
		{ "transformers", "AutoModel" },
	};

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(names); i++)
		assert_int_equal(look(names[i][0], names[i][1]).class, SY_GLOBAL_DANGEROUS);
	for (size_t i = 0; i < SY_N_ELEMS(safe); i++)
		if (!strncmp(safe[i].module, "__main__", 8))
			fail_msg("%s is whatever the program is", safe[i].module);
	assert_int_equal(look("__main__", "TrainingArguments").class, SY_GLOBAL_UNKNOWN);
}

static void every_row_is_found(void **state)
{
	char module[256];

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(dangerous); i++) {
		const struct entry *row = &dangerous[i];
		bool is_part = !strcmp(row->module, "*");
		struct sy_global_info info;

		snprintf(module, sizeof(module), "%s", is_part ? "a_module" : row->module);
		info = look(module, strcmp(row->name, "*") ? row->name : "any_name_at_all");
		if (info.class != SY_GLOBAL_DANGEROUS || (int)info.danger != row->value)
			fail_msg("%s %s is not found", row->module, row->name);
		assert_string_equal(info.reason, row->reason);
	}
	for (size_t i = 0; i < SY_N_ELEMS(safe); i++) {
		struct sy_global_info info = look(safe[i].module, safe[i].name);

		if (info.class != SY_GLOBAL_SAFE || (int)info.uses != safe[i].value)
			fail_msg("%s %s is not found", safe[i].module, safe[i].name);
		assert_int_equal(info.danger, SY_DANGER_NONE);
		assert_string_equal(info.reason, safe[i].reason);
	}
}

static void uses_make_sense(void **state)
{
	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(safe); i++) {
		unsigned uses = (unsigned)safe[i].value;

		assert_int_not_equal(uses, 0);
		if (uses & FACTORY)
			assert_int_not_equal(uses & (CALL | BUILD), 0);
		if (uses & (GETATTR | NESTED))
			assert_int_equal(uses & (uses - 1), 0);
	}
}

static void weights_only_is_a_fact_of_its_own(void **state)
{
	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(weights_only); i++) {
		struct sy_global_info info = look(weights_only[i].module, weights_only[i].name);

		assert_true(info.is_weights_only);
		if (info.class != SY_GLOBAL_SAFE)
			fail_msg("%s %s", weights_only[i].module, weights_only[i].name);
	}
	assert_false(look("builtins", "getattr").is_weights_only);
	assert_false(look("numpy", "ndarray").is_weights_only);
	assert_false(look("torch", "load").is_weights_only);
}

struct expect { const char *module, *name; enum sy_danger danger; };

static void check_all(const struct expect *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct sy_global_info info = look(rows[i].module, rows[i].name);

		if (info.class != SY_GLOBAL_DANGEROUS || info.danger != rows[i].danger)
			fail_msg("%s %s: %s (%s)", rows[i].module, rows[i].name,
				 sy_danger_name(info.danger), info.reason);
	}
}

static void every_reading_counts(void **state)
{
	static const struct expect rows[] = {
		{ "os", "system", SY_DANGER_SHELL },
		{ "posix", "system", SY_DANGER_SHELL },
		{ "os", "path.os.system", SY_DANGER_SHELL },
		{ "os.path", "join", SY_DANGER_FILE },
		{ "builtins", "eval", SY_DANGER_CODE },
		{ "builtins", "eval.__call__", SY_DANGER_CODE },
		{ "_io", "open", SY_DANGER_FILE },
		{ "_socket", "socket", SY_DANGER_NETWORK },
		{ "_operator", "attrgetter", SY_DANGER_INDIRECT },
		{ "_functools", "reduce", SY_DANGER_INDIRECT },
		/* what modules hold */
		{ "random", "_os.system", SY_DANGER_SHELL },
		{ "random", "_os", SY_DANGER_INDIRECT },
		{ "random", "__os.system", SY_DANGER_SHELL },
		{ "collections", "_sys.modules", SY_DANGER_TAMPER },
		{ "pathlib", "os.system", SY_DANGER_SHELL },
		{ "anything", "a.b.subprocess.Popen", SY_DANGER_SHELL },
		{ "anything", "shutil", SY_DANGER_INDIRECT },
		{ "torch", "hub.load", SY_DANGER_LOADER },
		{ "torch", "serialization.os.system", SY_DANGER_SHELL },
		{ "pathlib", "PosixPath.write_text", SY_DANGER_FILE },
		{ "__main__", "os.system", SY_DANGER_SHELL },
		{ "__torch__", "os.system", SY_DANGER_SHELL },
		/* copies of libraries */
		{ "six.moves", "builtins.eval", SY_DANGER_CODE },
		{ "botocore2.vendored.six.moves.builtins", "eval", SY_DANGER_INDIRECT },
		{ "lib.externals.cloudpickle", "loads", SY_DANGER_LOADER },
		{ "lib._vendor.requests.api", "get", SY_DANGER_NETWORK },
		/* the inside of objects */
		{ "collections", "OrderedDict.__init__.__globals__", SY_DANGER_INDIRECT },
		{ "collections", "OrderedDict.__subclasses__", SY_DANGER_INDIRECT },
		{ "numpy", "ndarray.__reduce__", SY_DANGER_INDIRECT },
		{ "numpy", "__builtins__", SY_DANGER_INDIRECT },
		{ "a.__builtins__", "x", SY_DANGER_INDIRECT },
		{ "mylib", "C.__class__.__mro__", SY_DANGER_INDIRECT },
	};

	(void)state;
	check_all(rows, SY_N_ELEMS(rows));
}

/* What Python would not find is not found either: and is not safe. */
static void what_python_would_not_find_is_unknown(void **state)
{
	static const char *const names[][2] = {
		{ "OS", "system" }, { "Os", "System" }, { "os ", "system" }, { " os", "system" },
		{ "o\xd1\x95", "system" }, { "\xef\xbd\x8f\xef\xbd\x93", "system" },
		{ "os\r", "system" }, { "", "" }, { "", "system" }, { ".", "." },
		{ "collections", "ordereddict" }, { "collections ", "OrderedDict" },
		{ "Collections", "OrderedDict" }, { "collections", "OrderedDict " },
		{ "collections", "OrderedDict.fromkeys" }, { "collections", "" },
		{ "collections.OrderedDict", "" }, { "mylib", "MyClass" },
		{ "mylib.os", "MyClass" }, { "mylib.pickle.code", "MyClass" },
		{ "mylib", "evaluate" }, { "torch", "nn.Linear" },
		{ "numpy", "nd\xc3\xa0rray" }, { "__torchx__", "A" }, { "sy", "stem" },
	};

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(names); i++) {
		struct sy_global_info info = look(names[i][0], names[i][1]);

		if (info.class != SY_GLOBAL_UNKNOWN)
			fail_msg("'%s' '%s': %s", names[i][0], names[i][1], info.reason);
		assert_int_equal(info.uses, 0);
		assert_non_null(info.reason);
	}
}

static void a_nul_is_a_byte_like_any(void **state)
{
	struct sy_global_info info;

	(void)state;
	info = sy_global_find(sy_span_of("collections\0x", 13), sy_span_str("OrderedDict"));
	assert_int_equal(info.class, SY_GLOBAL_UNKNOWN);
	info = sy_global_find(sy_span_of(NULL, 0), sy_span_of(NULL, 0));
	assert_int_equal(info.class, SY_GLOBAL_UNKNOWN);
}

static void stars_in_files_mean_nothing(void **state)
{
	(void)state;
	assert_int_equal(look("mylib", "*").class, SY_GLOBAL_UNKNOWN);
	assert_int_equal(look("__torch__", "*").class, SY_GLOBAL_SAFE);
	assert_int_equal(look("os", "*").class, SY_GLOBAL_DANGEROUS);
	assert_int_equal(look("*", "x").class, SY_GLOBAL_UNKNOWN);
	assert_int_equal(look("__torch__.a.b.___torch_mangle_1", "C").uses, OBJECT);
}

/* Too long to be a name: dangerous, at once, wherever the limit is met. */
static void endless_names_are_dangerous(void **state)
{
	static char name[1 << 20];

	(void)state;
	memset(name, 'a', sizeof(name) - 1);
	assert_int_equal(look("m", name).class, SY_GLOBAL_DANGEROUS);
	assert_int_equal(look(name, "n").class, SY_GLOBAL_DANGEROUS);
	for (size_t i = 1; i < sizeof(name) - 1; i += 2)
		name[i] = '.';
	assert_int_equal(look("m", name).danger, SY_DANGER_INDIRECT);
	for (size_t len = 0; len < 1200; len++) {
		struct sy_global_info info =
			sy_global_find(sy_span_str("m"), sy_span_of(name, len));

		assert_int_not_equal(info.class, SY_GLOBAL_SAFE);
		assert_int_equal(info.class == SY_GLOBAL_DANGEROUS, len > 61);
	}
}

static void the_kinds_have_names(void **state)
{
	(void)state;
	for (int i = 0; i < SY_N_DANGERS; i++)
		for (int j = 0; j < i; j++)
			assert_string_not_equal(sy_danger_name((enum sy_danger)i),
						sy_danger_name((enum sy_danger)j));
}

static void map_py2(const char *module, const char *name, const char *module3,
		    const char *name3)
{
	struct sy_span m = sy_span_str(module), n = sy_span_str(name);

	assert_true(sy_global_py2(&m, &n));
	assert_true(sy_span_is(m, module3));
	assert_true(sy_span_is(n, name3));
}

static void python2_names_are_mapped(void **state)
{
	struct sy_span m = sy_span_str("os"), n = sy_span_str("system");

	(void)state;
	map_py2("__builtin__", "xrange", "builtins", "range");
	map_py2("__builtin__", "eval", "builtins", "eval");
	map_py2("copy_reg", "_reconstructor", "copyreg", "_reconstructor");
	map_py2("commands", "getoutput", "subprocess", "getoutput");
	map_py2("itertools", "imap", "builtins", "map");
	map_py2("cPickle", "loads", "pickle", "loads");
	map_py2("exceptions", "ValueError", "builtins", "ValueError");
	map_py2("__builtin__", "*", "builtins", "*");
	assert_false(sy_global_py2(&m, &n));
	assert_true(sy_span_is(m, "os") && sy_span_is(n, "system"));
}

/*
 * CPython's own tables, printed by the Python of this machine, agree row by row.
 * Newer ones may know fewer modules: then ours may know more.
 */
static void python_itself_agrees(void **state)
{
	static const char script[] =
		"python3 -c 'import _compat_pickle as c\n"
		"for k, v in c.NAME_MAPPING.items(): print(*k, *v)\n"
		"for k, v in c.IMPORT_MAPPING.items(): print(k, \"*\", v, \"*\")' 2>&1";
	FILE *pipe = popen(script, "r");
	char line[512], text[4][128];
	size_t n = 0;

	(void)state;
	assert_non_null(pipe);
	while (fgets(line, sizeof(line), pipe)) {
		if (sscanf(line, "%127s %127s %127s %127s", text[0], text[1], text[2],
			   text[3]) != 4)
			break;
		map_py2(text[0], text[1], text[2], text[3]);
		n++;
	}
	if (pclose(pipe) != 0 || n == 0) {
		print_message("SKIPPED: no python3 here to compare with\n");
		skip();
	}
	assert_in_range(n, SY_N_ELEMS(py2) - 20, SY_N_ELEMS(py2));
}

static void a_million_lookups_take_no_time(void **state)
{
	clock_t start = clock();
	size_t n_safe = 0, n = 0;
	double seconds;

	(void)state;
	while (n < 1000000)
		for (size_t i = 0; i < SY_N_ELEMS(safe) && n < 1000000; i++, n++)
			n_safe += look(safe[i].module, safe[i].name).class == SY_GLOBAL_SAFE;
	seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
	print_message("1,000,000 lookups of safe names: %.3f s\n", seconds);
	assert_int_equal(n_safe, n);
	start = clock();
	for (n = 0; n < 100000; n++)
		look("a.b.c.d.e.f.g.h", "_os_.a._os_.b._os_.c._os_.d._os_.e._os_.f");
	print_message("100,000 lookups of hostile names: %.3f s\n",
		      (double)(clock() - start) / CLOCKS_PER_SEC);
	assert_true(seconds < 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_tables_are_sorted_unique_and_reasoned),
		cmocka_unit_test(no_name_is_both),
		cmocka_unit_test(the_safe_are_not_what_others_mistook_for_it),
		cmocka_unit_test(every_row_is_found),
		cmocka_unit_test(uses_make_sense),
		cmocka_unit_test(weights_only_is_a_fact_of_its_own),
		cmocka_unit_test(every_reading_counts),
		cmocka_unit_test(what_python_would_not_find_is_unknown),
		cmocka_unit_test(a_nul_is_a_byte_like_any),
		cmocka_unit_test(stars_in_files_mean_nothing),
		cmocka_unit_test(endless_names_are_dangerous),
		cmocka_unit_test(the_kinds_have_names),
		cmocka_unit_test(python2_names_are_mapped),
		cmocka_unit_test(python_itself_agrees),
		cmocka_unit_test(a_million_lookups_take_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
