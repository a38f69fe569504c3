# SPDX-License-Identifier: Apache-2.0
# A step of tests/board.sh: what the seeds reach, into $out/*.profraw.
has_coverage=0
if build build/coverage "$fuzzers" -DCMAKE_C_COMPILER=clang \
	-DCMAKE_C_FLAGS="-fprofile-instr-generate -fcoverage-mapping"; then
	has_coverage=1
fi

rm -f "$out"/*.profraw
if [ "$has_coverage" = 1 ]; then
	say "coverage of the seeds"
	for name in $fuzzers; do
		LLVM_PROFILE_FILE="$out/$name.profraw" \
			"build/coverage/tests/$name" "tests/fuzz/seeds/${name#fuzz_}" >/dev/null
	done
fi
