# SPDX-License-Identifier: Apache-2.0
# Sourced by quickstart.sh, tests/run.sh and .ci/run: installs Debian packages that
# are missing, and says which.  It never upgrades or removes anything.

# What the build needs.
build_packages="build-essential cmake ninja-build pkg-config libssl-dev libsodium-dev
	libzstd-dev libcjson-dev libcmocka-dev libutf8proc-dev zlib1g-dev
	libbz2-dev liblz4-dev liblzma-dev python3"

# What the tests need besides: the manual pages are read by groff; the tiers above
# fast build with Clang (the sanitizers' runtime is a package of its own) and compare
# with Python packages.
fast_packages="groff-base"
default_packages="clang libclang-rt-dev minisign openssl python3-venv signify-openbsd
	strace"

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

# apt_get WORDS...: quiet; what it said is shown when it fails.
apt_get() {
	if ! said=$(as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
		-o DPkg::Lock::Timeout=120 "$@" 2>&1); then
		printf '%s\n' "$said" >&2
		echo "apt-get $1 failed" >&2
		return 1
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
	if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null 2>&1; then
		echo "Debian packages are missing, and there is no sudo. As root:" >&2
		echo "  apt-get install --no-install-recommends$missing" >&2
		return 1
	fi
	echo "Installing from Debian:$missing"
	# A bare system has no package lists yet; a stale list may still do.
	apt_get update || echo "Going on with the package lists that are there" >&2
	# shellcheck disable=SC2086
	apt_get install --no-install-recommends $missing
}
