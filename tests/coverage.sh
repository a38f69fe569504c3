#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What of the source the tests reach; tests/coverage.py reads what this leaves behind:
#   sh tests/coverage.sh seeds [FUZZER...]   only the seeds, of all fuzzers or of those
#   sh tests/coverage.sh whole [fast]        the seeds, then C tests and Python tests
# A build of its own (build/coverage, Clang) whose counters lie in a file that is mapped
# into every process from its start (%c), below build/board/profiles: a worker in its cage,
# which can open nothing and ends without a goodbye, still counts there.
set -eu
cd "$(dirname "$0")/.."
step=${1:-whole}
[ $# -eq 0 ] || shift
out=$PWD/build/board
profiles=$out/profiles
launcher=
! command -v ccache >/dev/null || launcher=-DCMAKE_C_COMPILER_LAUNCHER=ccache
# The folder is part of what such objects hold.
unset CCACHE_BASEDIR CCACHE_NOHASHDIR

usage() {
	echo "usage: sh tests/coverage.sh seeds [FUZZER...]|whole [fast]" >&2
	exit 4
}

# build TARGET...
build() {
	cmake -G Ninja -S . -B build/coverage $launcher -DCMAKE_C_COMPILER=clang \
		-DCMAKE_C_FLAGS="-fprofile-instr-generate=$profiles/whole/%m%c.profraw \
-fcoverage-mapping -Xclang -mllvm -Xclang -runtime-counter-relocation" \
		>"$out/coverage.log" 2>&1 &&
		ninja -C build/coverage "$@" >>"$out/coverage.log" 2>&1 && return
	tail -n 20 "$out/coverage.log" >&2
	return 1
}

# run_seeds FUZZER...: each leaves a profile of its own.
run_seeds() {
	rm -rf "$profiles/seeds"
	mkdir -p "$profiles/seeds"
	for name in "$@"; do
		LLVM_PROFILE_FILE="$profiles/seeds/fuzz_$name.profraw" \
			"build/coverage/tests/fuzz_$name" "tests/fuzz/seeds/$name" >/dev/null
	done
}

# Nothing is judged here, and counters make slow: what measures speed is left out.
run_tests() {
	rm -rf "$profiles/whole"
	# The first one makes the files; some tests allow too few bytes for that.
	build/coverage/steelyard scan tests/vectors/gguf/accept-one.gguf >/dev/null
	slow='^$'
	[ "$1" != fast ] || slow=slow
	ctest --test-dir build/coverage -j 2 --timeout 900 -LE "$slow" -E 'test_speed|_short' \
		>"$out/coverage-ctest.txt" 2>&1 || tail -n 8 "$out/coverage-ctest.txt"
	python3 tests/run_python.py --build build/coverage --tier fast cli engine formats \
		interop keys samples/test_samples threats >"$out/coverage-python.txt" 2>&1 ||
		tail -n 1 "$out/coverage-python.txt"
}

all=$(for file in tests/fuzz/fuzz_*.c; do
	name=$(basename "$file" .c)
	echo "${name#fuzz_}"
done)
mkdir -p "$profiles"
case $step in
seeds)
	[ $# -gt 0 ] || set -- $all
	# shellcheck disable=SC2046
	build $(printf 'fuzz_%s ' "$@") steelyard steelyard-worker
	printf 'tests/fuzz_%s\n' "$@" >"$out/programs"
	run_seeds "$@" ;;
whole)
	[ $# -eq 0 ] || [ "$1" = fast ] || usage
	build all
	find build/coverage/tests -maxdepth 1 -type f -executable -printf 'tests/%f\n' \
		>"$out/programs"
	# shellcheck disable=SC2086
	run_seeds $all
	run_tests "${1:-all}" ;;
*) usage ;;
esac
printf '%s\n' steelyard steelyard-worker >>"$out/programs"
python3 tests/coverage.py "$step"
