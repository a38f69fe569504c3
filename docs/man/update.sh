#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Writes the manual pages again, from the program: sh docs/man/update.sh PROGRAM
set -eu
program=$1
here=$(cd "$(dirname "$0")" && pwd)
"$program" help --man >"$here/steelyard.1"
for command in check scan verify sign hash inspect diff trace key rules policy help; do
	"$program" help --man "$command" >"$here/steelyard-$command.1"
done
