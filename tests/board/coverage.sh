# SPDX-License-Identifier: Apache-2.0
# A step of tests/board.sh: what the seeds reach and, in the whole board, what all tests
# reach, into $out/profiles; the table by file is $out/coverage.txt.
rm -rf "$out/profiles"
if command -v clang >/dev/null; then
	say "coverage"
	sh tests/coverage.sh "$([ "$tier" = whole ] && echo whole || echo seeds)" \
		>"$out/coverage.txt" || true
fi
