#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# One fuzzer of tests/board/fuzz.sh: fuzz_one.sh OUT TARGET SECONDS, into
# OUT/fuzz_TARGET.txt.  Evolving by rare features (-entropic) takes half of the time
# of the larger targets, names of new functions a symbolizer: neither is worth it here.
set -u
out=$1 target=$2 seconds=$3
printf '%s  fuzz_%s for %s s\n' "$(date +%T)" "$target" "$seconds"
mkdir -p "$out/corpus/$target"
status=0
"build/fuzz/tests/fuzz_$target" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 \
	-entropic=0 -print_funcs=0 -print_final_stats=1 \
	-dict="tests/fuzz/dictionaries/$target.dict" -artifact_prefix="$out/$target-" \
	"$out/corpus/$target" "tests/fuzz/seeds/$target" \
	>"$out/fuzz_$target.txt" 2>&1 || status=$?
echo "exit: $status, seconds: $seconds" >>"$out/fuzz_$target.txt"
