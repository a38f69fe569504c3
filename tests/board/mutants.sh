# SPDX-License-Identifier: Apache-2.0
# A step of tests/board.sh: a sample of mutants, into $out/mutants.json; by line into
# $out/mutants.txt.  BOARD_MUTANTS is how many.
say "mutants ($mutants)"
rm -f "$out/mutants.json"
python3 tests/mutants.py --count "$mutants" --results "$out/mutants.json" \
	--list "$out/mutants.txt" >"$out/mutants.log" 2>&1 || true
