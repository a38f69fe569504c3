#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds, and prints what large inputs cost:
#   sh tests/bench/run.sh [--runs N] [NAME-PART...]
# Ten minutes on a small machine; let nothing else run beside it.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top"
. samples/packages.sh
# shellcheck disable=SC2086,SC2154
need_packages $build_packages
mkdir -p build
cmake -G Ninja -S . -B build/bench -DCMAKE_BUILD_TYPE=Release >build/bench.log 2>&1 &&
	ninja -C build/bench steelyard steelyard-worker cjson_parse >>build/bench.log 2>&1 || {
	tail -n 20 build/bench.log >&2
	exit 1
}
uname -srm
grep -m 1 'model name' /proc/cpuinfo || true
exec python3 tests/bench/bench.py --build build/bench "$@"
