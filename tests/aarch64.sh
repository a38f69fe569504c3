#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compiles everything for aarch64, warnings as errors, and runs there (qemu-user) the C
# tests that need nothing which qemu lacks:
#   sh tests/aarch64.sh [RESULTS-FOLDER]
# Needs Debian's cross compiler and qemu-user, which it installs.  The libraries for
# aarch64 are unpacked below build/aarch64-root; the system gets no second architecture.
# Exit status 3: they are not to be had here.
set -eu
cd "$(dirname "$0")/.."
results=${1:-build/results}
root=$PWD/build/aarch64-root
apt=$PWD/build/aarch64-apt
. samples/packages.sh
mkdir -p "$results"

# build_packages, as far as they are libraries.
libraries=
for package in $build_packages; do
	case $package in lib*-dev | zlib1g-dev) libraries="$libraries $package" ;; esac
done

# unpack: the newest of them and of what they need, without installing anything.
unpack() {
	mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$root"
	: >"$apt/status"
	set -- -q -y -o APT::Architecture=arm64 -o APT::Architectures=arm64 \
		-o "Dir::State=$apt" -o "Dir::State::Lists=$apt/lists" \
		-o "Dir::State::status=$apt/status" -o "Dir::Cache=$apt/cache" \
		-o APT::Sandbox::User=root
	# shellcheck disable=SC2086
	apt-get "$@" update && apt-get "$@" --no-install-recommends --download-only \
		install $libraries || return 1
	for file in "$apt"/cache/archives/*.deb; do
		dpkg-deb -x "$file" "$root" || return 1
	done
	touch "$root/.whole"
}

need_packages gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user || exit 3
[ -e "$root/.whole" ] || unpack >"$results/aarch64-packages.log" 2>&1 || {
	echo "The libraries for aarch64 cannot be fetched; see $results/aarch64-packages.log"
	exit 3
}
export PKG_CONFIG_LIBDIR="$root/usr/lib/aarch64-linux-gnu/pkgconfig:$root/usr/share/pkgconfig"
export PKG_CONFIG_SYSROOT_DIR="$root"
{
	cmake -G Ninja -S . -B build/aarch64 -DSTEELYARD_WERROR=ON \
		-DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 \
		-DCMAKE_C_COMPILER=aarch64-linux-gnu-gcc -DCMAKE_SYSROOT="$root" \
		-DCMAKE_LIBRARY_ARCHITECTURE=aarch64-linux-gnu \
		-DCMAKE_FIND_ROOT_PATH_MODE_PROGRAM=NEVER \
		-DCMAKE_FIND_ROOT_PATH_MODE_LIBRARY=ONLY \
		-DCMAKE_FIND_ROOT_PATH_MODE_INCLUDE=ONLY \
		"-DCMAKE_CROSSCOMPILING_EMULATOR=qemu-aarch64;-L;$root" &&
		ninja -C build/aarch64
} >"$results/build-aarch64.log" 2>&1 || {
	grep -E -A 8 'error:|FAILED|Error' "$results/build-aarch64.log" | head -n 60
	exit 1
}
# What needs neither openat2, which qemu 7.2 lacks, nor a worker, which is no program of
# this machine, and does not take minutes.
tests="blake3 blake3_portable bundle cage_calls chain cpu cursor der digest_value dsse format
	gguf hasher hasher_portable hf_config joblib json json_keys json_limits jsonw key
	key_write lfs_pointer memory minisign names nest npy out payload pem
	pickle_memo policy private_key recognised record report ring rules
	safetensors set sha256 sha256_portable statement stats stream text torch_legacy torch_tar
	utf8 view weigh writer_sarif writer_text zfile"
# shellcheck disable=SC2086
ctest --test-dir build/aarch64 --output-on-failure --no-tests=error --timeout 900 -j 2 \
	-R "^test_($(echo $tests | tr ' ' '|'))\$" \
	--output-junit "$(cd "$results" && pwd)/ctest-aarch64.xml" \
	>"$results/ctest-aarch64.log" 2>&1 || {
	grep -v -E '^ *[0-9]+/[0-9]+ .* Passed|^ *Start ' "$results/ctest-aarch64.log"
	exit 1
}
grep 'tests passed' "$results/ctest-aarch64.log"
