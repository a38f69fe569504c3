#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what the tests need, builds, and runs every test:
#   sh tests/run.sh [fast|default|deep]
# fast     one build with GCC, lint, C and Python tests but the slow (after every edit)
# default  also a build with Clang, AddressSanitizer with UndefinedBehaviorSanitizer,
#          the comparisons with Python packages, and the quick board of tests/board.sh,
#          about ten minutes, into build/reliability.md         (before every merge)
# deep     also ThreadSanitizer and Valgrind (WATCH_SECONDS each, default 3600), 100,000
#          races (a quarter of an hour), aarch64, and every fuzzer for FUZZ_SECONDS
#          (default 600)
# Only missing packages are installed, with sudo where needed, each named before; all
# else is written below build/, and what did not change is not built again.
# STEELYARD_CORPUS names a folder with unpacked corpora; without it their tests are
# skipped, visibly.  The last line is "N passed, N failed, N skipped".
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top"
tier=${1:-default}
case $tier in
fast|default|deep) ;;
*)
	echo "usage: sh tests/run.sh [fast|default|deep]" >&2
	exit 4 ;;
esac
exec </dev/null
. samples/packages.sh
results=$top/build/results
failed=0
rm -rf "$results" build/tmp
mkdir -p "$results" build/tmp
# Temporary files are ours too.
export TMPDIR="$top/build/tmp"
export LC_ALL=C.UTF-8
export PYTHONDONTWRITEBYTECODE=1
# Clang's own symbolizer is another package; addr2line comes with every compiler.
for sanitizer in ASAN LSAN TSAN UBSAN; do
	eval "export ${sanitizer}_OPTIONS=\"allow_addr2line=1:\${${sanitizer}_OPTIONS:-}\""
done

# step TITLE: begins a step; the summary shows what each took.
step() {
	end_step
	step_title=$*
	step_start=$(date +%s)
	printf '\n== %s\n' "$*"
}

step_title=
end_step() {
	[ -n "$step_title" ] || return 0
	printf '%5d s  %s\n' "$(($(date +%s) - step_start))" "$step_title" >>"$results/times"
	step_title=
}

# record NAME STATUS: one passed or failed step of its own.
record() {
	if [ "$2" -eq 0 ]; then
		printf '{"passed": 1, "failed": 0, "skipped": []}\n' >"$results/$1.json"
	else
		echo "FAILED: $1"
		printf '{"passed": 0, "failed": 1, "skipped": []}\n' >"$results/$1.json"
		failed=1
	fi
}

# counted FILE NAME: a program that ended without its counts has failed.
counted() {
	[ -s "$results/$1" ] || record "$2" 1
}

summary() {
	step "summary ($tier)"
	[ ! -f "$results/times" ] || cat "$results/times"
	python3 tests/tally.py "$results" || failed=1
	exit "$failed"
}

skip() {
	echo "SKIPPED: $2"
	printf '{"passed": 0, "failed": 0, "skipped": ["%s"]}\n' "$2" >"$results/$1.json"
}

# build NAME [CMAKE OPTION...]: into build/NAME; quiet unless it fails.
build() {
	name=$1
	shift
	step "build: $name"
	status=0
	{
		cmake -G Ninja -S . -B "build/$name" -DSTEELYARD_WERROR=ON \
			-DPython3_EXECUTABLE="$(command -v "$python")" "$@" &&
			ninja -C "build/$name"
	} >"$results/build-$name.log" 2>&1 || status=$?
	if [ "$status" -ne 0 ]; then
		grep -E -A 8 'error:|FAILED|Error' "$results/build-$name.log" | head -n 80
		tail -n 5 "$results/build-$name.log"
	fi
	record "build-$name" "$status"
	return "$status"
}

# run_ctest NAME: the C tests of build/NAME.
run_ctest() {
	step "C tests: $1"
	left_out='^$'
	[ "$tier" != fast ] || left_out=slow
	ctest --test-dir "build/$1" --output-on-failure --no-tests=error --timeout 900 -j 2 \
		-LE "$left_out" --test-output-size-passed 100000 \
		--output-junit "$results/ctest-$1.xml" >"$results/ctest-$1.log" 2>&1 || {
		grep -v -E '^ *[0-9]+/[0-9]+ .* Passed|^ *Start ' "$results/ctest-$1.log" || true
		failed=1
	}
	counted "ctest-$1.xml" "ctest-$1"
	grep 'tests passed' "$results/ctest-$1.log" || true
}

# python_packages NAME REQUIREMENTS WHAT-FOR: a virtual environment build/NAME.
python_packages() {
	venv=$top/build/$1
	stamp=$venv/.requirements
	if [ -x "$venv/bin/python" ] && cmp -s "$2" "$stamp"; then
		return 0
	fi
	[ "$tier" != fast ] || return 0
	step "Python packages: $1"
	rm -rf "$venv"
	if ! { python3 -m venv "$venv" &&
		"$venv/bin/pip" install -q --disable-pip-version-check --no-input \
			--no-cache-dir --require-hashes --only-binary :all: --retries 1 --timeout 20 \
			-r "$2"; } >"$results/pip-$1.log" 2>&1; then
		tail -n 3 "$results/pip-$1.log"
		rm -rf "$venv"
		if grep -q 'DO NOT MATCH THE HASHES' "$results/pip-$1.log"; then
			record "pip-$1" 1
			return 0
		fi
		skip "pip-$1" "Python packages cannot be installed here: $3"
		return 0
	fi
	cp "$2" "$stamp"
}

# watch TOOL BUILD PYTHON-PART...: the C tests, and these Python tests with every run of
# the program watched, as far as WATCH_SECONDS go; what ran stands in build/board.
watch() {
	tool=$1 folder=$2
	shift 2
	status=0
	# shellcheck disable=SC2046
	python3 tests/watch.py "$tool" --build "$folder" --seconds "${WATCH_SECONDS:-3600}" \
		$(printf -- '--python %s ' "$@") >"$results/$tool.log" 2>&1 || status=$?
	[ "$status" -eq 0 ] || tail -n 40 "$results/$tool.log"
	record "$tool" "$status"
}

run_fuzzers() {
	fuzz_seconds=${FUZZ_SECONDS:-600}
	for fuzzer in build/fuzz/tests/fuzz_*; do
		[ -x "$fuzzer" ] || continue
		name=$(basename "$fuzzer")
		step "fuzz: $name for $fuzz_seconds s"
		seeds=$top/tests/fuzz/seeds/${name#fuzz_}
		mkdir -p "build/fuzz/corpus/$name"
		[ -d "$seeds" ] || seeds=
		status=0
		# shellcheck disable=SC2086
		"$fuzzer" -max_total_time="$fuzz_seconds" -timeout=20 -rss_limit_mb=2048 \
			-print_final_stats=1 -dict="tests/fuzz/dictionaries/${name#fuzz_}.dict" \
			"build/fuzz/corpus/$name" $seeds \
			>"$results/$name.log" 2>&1 || status=$?
		[ "$status" -eq 0 ] || tail -n 40 "$results/$name.log"
		record "$name" "$status"
	done
}

step "Debian packages"
packages="$build_packages $fast_packages"
[ "$tier" = fast ] || packages="$packages $default_packages"
[ "$tier" != deep ] || packages="$packages valgrind"
# shellcheck disable=SC2086
if ! need_packages $packages; then
	echo "0 passed, 1 failed, 0 skipped"
	exit 1
fi
if [ -n "${STEELYARD_CORPUS:-}" ]; then
	if ! STEELYARD_CORPUS=$(cd "$STEELYARD_CORPUS" && pwd); then
		record STEELYARD_CORPUS 1
		summary
	fi
	export STEELYARD_CORPUS
else
	echo "STEELYARD_CORPUS is not set: corpus tests are skipped"
fi

python_packages venv tests/requirements.txt "comparisons with them"
python_packages venv-pickle tests/requirements-pickle.txt "pickles of today's libraries"
python_packages venv-signing tests/requirements-signing.txt "model_signing as a peer"
python=python3
[ ! -x "$top/build/venv/bin/python" ] || python=$top/build/venv/bin/python
if build gcc -DCMAKE_C_COMPILER=gcc; then
	run_ctest gcc
	step "lint"
	python3 tests/lint/lint.py --build build/gcc --results "$results/lint.json" || failed=1
	counted lint.json lint
	step "Python tests"
	"$python" tests/run_python.py --build build/gcc --tier "$tier" \
		--results "$results/python.json" || failed=1
	counted python.json python
fi
if [ "$tier" != fast ]; then
	if build clang -DCMAKE_C_COMPILER=clang; then
		run_ctest clang
	fi
	if build asan -DCMAKE_C_COMPILER=clang -DSTEELYARD_SANITIZE=address,undefined; then
		run_ctest asan
	fi
fi
if [ "$tier" = deep ]; then
	if build tsan -DCMAKE_C_COMPILER=clang -DSTEELYARD_SANITIZE=thread; then
		step "ThreadSanitizer"
		watch tsan build/tsan cli/test_verify cli/test_hash
	fi
	step "memcheck"
	watch memcheck build/gcc cli/test_verify cli/test_hash
	step "races"
	status=0
	STEELYARD_RACES=100000 build/gcc/tests/test_races >"$results/races.log" 2>&1 || status=$?
	record races "$status"
	step "aarch64"
	status=0
	sh tests/aarch64.sh "$results" || status=$?
	if [ "$status" -eq 3 ]; then
		skip aarch64 "what compiles for aarch64 and runs it is not here"
	else
		record aarch64 "$status"
	fi
	if build fuzz -DCMAKE_C_COMPILER=clang -DSTEELYARD_FUZZ=ON \
		-DSTEELYARD_SANITIZE=address,undefined,fuzzer-no-link; then
		run_fuzzers
	fi
fi
if [ "$tier" != fast ]; then
	step "board (build/reliability.md)"
	status=0
	BOARD_OUTPUT=build/reliability.md sh tests/board.sh quick || status=$?
	record board "$status"
fi
summary
