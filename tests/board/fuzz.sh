# SPDX-License-Identifier: Apache-2.0
# A step of tests/board.sh: every fuzzer, into $out/fuzz_*.txt.  Left out, visibly,
# where there is no Clang.
has_fuzz=0
if build build/fuzz "$fuzzers" -DCMAKE_C_COMPILER=clang -DSTEELYARD_FUZZ=ON \
	-DSTEELYARD_SANITIZE=address,undefined,fuzzer-no-link; then
	has_fuzz=1
fi
rm -f "$out"/fuzz_*.txt
if [ "$has_fuzz" = 1 ]; then
	for name in $fuzzers; do
		say "$name for $seconds s"
		target=${name#fuzz_}
		mkdir -p "$out/corpus/$target"
		status=0
		"build/fuzz/tests/$name" -max_total_time="$seconds" -timeout=20 \
			-rss_limit_mb=2048 -print_final_stats=1 \
			-dict="tests/fuzz/dictionaries/$target.dict" \
			-artifact_prefix="$out/$target-" "$out/corpus/$target" \
			"tests/fuzz/seeds/$target" >"$out/$name.txt" 2>&1 || status=$?
		echo "exit: $status" >>"$out/$name.txt"
	done
fi
