# SPDX-License-Identifier: Apache-2.0
# A step of tests/board.sh: two builds, into $out/one and $out/another-folder.
# They have nothing in common but the source: folder, user's mask, time
# zone, language, number of jobs.
rm -rf "$out/one" "$out/another-folder"
reproducible() {
	mkdir -p "$1"
	git archive HEAD | tar -x -C "$1"
	(cd "$1" && umask "$2" && TZ=$3 LC_ALL=$4 && export TZ LC_ALL &&
		cmake -G Ninja -S . -B build -DSTEELYARD_TESTS=OFF -DCMAKE_C_COMPILER=gcc &&
		ninja -C build -j "$5") >"$out/reproducible.log" 2>&1
}
say "two builds"
reproducible "$out/one" 022 UTC C 2
reproducible "$out/another-folder/below" 077 Asia/Tokyo C.UTF-8 1
