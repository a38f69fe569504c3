#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# From a bare Debian 12 to two verdicts: installs what is missing (saying what, with
# sudo where needed), builds into build/, writes two small models, checks both.
#   sh samples/quickstart.sh
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
build=$top/build/release
models=$top/build/samples
. "$top/samples/packages.sh"

# shellcheck disable=SC2086
need_packages $build_packages

echo "Building into build/release"
log=$top/build/quickstart.log
mkdir -p "$top/build"
if ! { cmake -G Ninja -S "$top" -B "$build" -DSTEELYARD_TESTS=OFF && ninja -C "$build"; } \
	>"$log" 2>&1; then
	tail -n 30 "$log" >&2
	echo "The build failed; all of it stands in $log" >&2
	exit 1
fi

python3 "$top/samples/make_samples.py" "$models"

# show WANTED MODEL: checks it and compares the exit status.
show() {
	printf '\n$ steelyard check build/samples/%s\n' "$2"
	status=0
	(cd "$top" && "$build/steelyard" check "build/samples/$2") || status=$?
	echo "(exit status $status)"
	if [ "$status" -ne "$1" ]; then
		echo "The exit status should have been $1." >&2
		exit 1
	fi
}

show 0 clean
show 1 hostile

cat <<END

The program is build/release/steelyard: try
  build/release/steelyard check PATH-OF-A-MODEL
  build/release/steelyard help
END
