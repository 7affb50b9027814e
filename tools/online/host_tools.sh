# SPDX-License-Identifier: Apache-2.0
# The programs that libuv's and dqlite's own build systems take from the machine; asked for before any download.

require_host_tools() {
    [ "$(uname -s)" = Linux ] ||
        refuse "dqlite runs on Linux alone, and this is $(uname -s)" "run the build on a Linux machine"
    if ldd --version 2>&1 | grep -qi musl; then
        refuse "this system is built on musl (Alpine, say), which cannot load a Go shared library" \
            "run the build on a system with glibc"
    fi

    host_tools_missing=
    for tool in autoconf automake libtoolize m4 perl make pkg-config; do
        command -v "$tool" >/dev/null || host_tools_missing="$host_tools_missing $tool"
    done
    [ -n "$host_tools_missing" ] || return 0

    apt_install autoconf automake libtool m4 perl make pkg-config && return
    if command -v apt-get >/dev/null; then
        host_tools_command="sudo apt-get install autoconf automake libtool m4 perl make pkg-config"
    elif command -v dnf >/dev/null; then
        host_tools_command="sudo dnf install autoconf automake libtool m4 perl make pkgconf-pkg-config"
    elif command -v pacman >/dev/null; then
        host_tools_command="sudo pacman -S --needed autoconf automake libtool m4 perl make pkgconf"
    else
        host_tools_command="your system's command to install autoconf automake libtool m4 perl make pkg-config"
    fi
    refuse "missing on this machine:$host_tools_missing" "$host_tools_command"
}
