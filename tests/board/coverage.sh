# SPDX-License-Identifier: Apache-2.0
# A step of tests/board.sh: what the seeds reach and what all tests reach, into
# $out/profiles; the table by file is $out/coverage.txt.
rm -rf "$out/profiles"
if command -v clang >/dev/null; then
	say "coverage"
	# shellcheck disable=SC2046
	sh tests/coverage.sh whole $([ "$tier" = whole ] || echo fast) >"$out/coverage.txt" || true
fi
