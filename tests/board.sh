#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Measures how reliable the verifier is and writes docs/reliability.md:
#   sh tests/board.sh [quick|whole]
# whole (the default) takes under 45 minutes on two cores, quick ten.  Needs what
# tests/run.sh default needs; STEELYARD_CORPUS names the unpacked corpora, without
# which their rows say "not measured".  BOARD_FUZZ_PERCENT: of
# tests/board/fuzz_seconds.txt, 100 or in the quick board 4; BOARD_MUTANTS: 150 or 20.
# The steps of some length lie in tests/board/*.sh, the rows in tests/board/*.py.
# Everything is built below build/board*; BOARD_OUTPUT is another file to write.
set -eu
cd "$(dirname "$0")/.."
tier=${1:-whole}
case $tier in
quick)
	fuzz_percent=${BOARD_FUZZ_PERCENT:-4}
	mutants=${BOARD_MUTANTS:-20} ;;
whole)
	fuzz_percent=${BOARD_FUZZ_PERCENT:-100}
	mutants=${BOARD_MUTANTS:-150} ;;
*)
	echo "usage: sh tests/board.sh [quick|whole]" >&2
	exit 4 ;;
esac
exec </dev/null
export LC_ALL=C.UTF-8
out=build/board
mkdir -p "$out/corpus" build/tmp
export TMPDIR="$PWD/build/tmp"
say() {
	printf '%s  %s\n' "$(date +%T)" "$*"
}

# build FOLDER TARGETS CMAKE-OPTION...: quiet; false when it fails.
build() {
	folder=$1 targets=$2
	shift 2
	say "build: $folder"
	# Another launcher would build all of it again.
	launcher=
	if [ ! -f "$folder/CMakeCache.txt" ] && command -v ccache >/dev/null; then
		launcher=-DCMAKE_C_COMPILER_LAUNCHER=ccache
	fi
	# shellcheck disable=SC2086
	{ cmake -G Ninja -S . -B "$folder" $launcher "$@" &&
		ninja -C "$folder" $targets; } >"$out/$(basename "$folder").log" 2>&1
}

fuzzers=
for file in tests/fuzz/fuzz_*.c; do
	fuzzers="$fuzzers $(basename "$file" .c)"
done

# Which source is measured: that of now, not of the end.
changed=$(git status --porcelain --untracked-files=no)
echo "$(git rev-parse --short=12 HEAD)${changed:+ with changes}" >"$out/commit"

build build/gcc all -DCMAKE_C_COMPILER=gcc -DSTEELYARD_WERROR=ON
. tests/board/fuzz.sh
. tests/board/coverage.sh
say "faults"
{
	for program in test_faults test_commands test_readers test_key_faults \
		test_policy_faults; do
		STEELYARD_FAULTS=all "build/gcc/tests/$program" || true
	done
} >"$out/faults.txt" 2>&1
say "tampering"
build/gcc/tests/test_oms_tamper >"$out/tamper.txt" 2>&1 || true
say "cage"
build/gcc/tests/test_cage >"$out/cage.txt" 2>&1 || true
say "threats"
python3 tests/run_python.py --build build/gcc --tier "$([ "$tier" = quick ] &&
	echo fast || echo default)" --results "$out/threats.json" threats \
	>"$out/threats.txt" 2>&1 || true
. tests/board/mutants.sh
. tests/board/reproducible.sh
say "hostile files, determinism, the page"
python3 tests/board/page.py "$tier" "${BOARD_OUTPUT:-docs/reliability.md}"
say "done"
