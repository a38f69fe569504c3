#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds, and measures:
#   sh tests/bench/run.sh [--runs N] [NAME-PART...]	what large inputs cost
#   sh tests/bench/run.sh hashing [--runs N] [--mib N] [--realtime]
#		hashing beside other programs; writes docs/benchmarks.md
# Ten minutes each on a small machine; let nothing else run beside it.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top"
. samples/packages.sh
# shellcheck disable=SC2086,SC2154
need_packages $build_packages
mkdir -p build
cmake -G Ninja -S . -B build/bench -DCMAKE_BUILD_TYPE=Release >build/bench.log 2>&1 &&
	ninja -C build/bench steelyard steelyard-worker cjson_parse hash_bench >>build/bench.log 2>&1 || {
	tail -n 20 build/bench.log >&2
	exit 1
}
uname -srm
grep -m 1 'model name' /proc/cpuinfo || true
if [ "${1-}" = hashing ]; then
	shift
	need_packages b3sum rhash openssl || echo "Without them, then" >&2
	# What the package itself forgets to ask for is named too.
	[ -d build/bench-python ] || { python3 -m venv build/bench-python &&
		build/bench-python/bin/pip install -q model-signing==1.1.1 \
			pyopenssl==26.4.0; } || {
		echo "Without model_signing, then" >&2
		rm -rf build/bench-python
	}
	exec python3 tests/bench/hashing.py --build build/bench \
		--output docs/benchmarks.md "$@"
fi
exec python3 tests/bench/bench.py --build build/bench "$@"
