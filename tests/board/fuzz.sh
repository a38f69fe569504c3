# SPDX-License-Identifier: Apache-2.0
# A step of tests/board.sh: every fuzzer for its share of $fuzz_percent of
# fuzz_seconds.txt, as many at once as there are cores, into $out/fuzz_*.txt.  Left
# out, visibly, where there is no Clang.
has_fuzz=0
if build build/fuzz "$fuzzers" -DCMAKE_C_COMPILER=clang -DSTEELYARD_FUZZ=ON \
	-DSTEELYARD_SANITIZE=address,undefined,fuzzer-no-link; then
	has_fuzz=1
fi
rm -f "$out"/fuzz_*.txt

# "TARGET SECONDS" a line, longest first; a target that is not in the list has 55 s.
shares() {
	for name in $fuzzers; do
		target=${name#fuzz_}
		seconds=$(sed -n "s/^$target \([0-9]*\)\$/\1/p" tests/board/fuzz_seconds.txt)
		seconds=$((${seconds:-55} * fuzz_percent / 100))
		[ "$seconds" -gt 2 ] || seconds=2
		echo "$target $seconds"
	done | sort -k 2,2nr -k 1,1
}
if [ "$has_fuzz" = 1 ]; then
	shares | xargs -n 2 -P "$(nproc)" sh tests/board/fuzz_one.sh "$out"
fi
