#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# fingerprint.sh FILE  writes into FILE which build tools are on PATH, and fails where one of them is missing.
set -eu

installed="autoconf automake libtoolize m4 perl make pkg-config"
# Every system has these, or builds without them.
basic="awk bash grep nm sed"

missing=
for tool in $installed; do
    command -v "$tool" >/dev/null || missing="$missing, $tool"
done
if [ -n "$missing" ]; then
    echo "dqlitepy needs ${missing#, } on this machine to build libuv and dqlite." >&2
    echo "Type: apt-get install autoconf automake libtool m4 perl make pkg-config   (or your system's names for them)" >&2
    exit 1
fi

# version TOOL  prints its first line about itself, or the sum of its bytes where it says nothing.
version() {
    program=$(command -v "$1") || {
        echo absent
        return
    }
    # perl begins with an empty line.
    said=$("$1" --version </dev/null 2>/dev/null | sed -n '/./{p;q;}') || said=
    [ -n "$said" ] || said=$(sha256sum <"$program" | cut -c1-64)
    echo "$said"
}

{
    for tool in $installed $basic; do
        echo "$tool: $(version "$tool")"
    done
    # Whose headers a compiler of the machine takes.
    echo "libc: $(getconf GNU_LIBC_VERSION 2>/dev/null || echo unknown)"
} >"$1"
