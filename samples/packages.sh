# SPDX-License-Identifier: Apache-2.0
# Sourced by quickstart.sh and tests/run.sh: installs Debian packages that are
# missing, and says which.  It never upgrades or removes anything.

# What the build needs.
build_packages="build-essential cmake ninja-build pkg-config libssl-dev libsodium-dev
	libzstd-dev libcjson-dev libcmocka-dev libutf8proc-dev zlib1g-dev python3"

is_installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

# need_packages NAME...: returns 1 when some are missing and cannot be installed.
need_packages() {
	missing=
	if ! command -v dpkg-query >/dev/null 2>&1; then
		echo "This is not Debian: please make sure that these are installed: $*"
		return 0
	fi
	for package in "$@"; do
		is_installed "$package" || missing="$missing $package"
	done
	[ -n "$missing" ] || return 0
	echo "Installing from Debian:$missing"
	if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null 2>&1; then
		echo "That needs root, and there is no sudo. As root: apt-get install$missing" >&2
		return 1
	fi
	# A bare system has no package lists yet.
	# shellcheck disable=SC2086
	as_root apt-get -q -y -o DPkg::Lock::Timeout=120 update >/dev/null &&
		as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
			-o DPkg::Lock::Timeout=120 install --no-install-recommends $missing \
			>/dev/null
}
