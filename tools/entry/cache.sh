# SPDX-License-Identifier: Apache-2.0
# Where everything lies that tools/bazel keeps. Deleting the folder is always safe: the next call makes it anew.

# The XDG specification says that a relative path there is to be ignored.
case ${XDG_CACHE_HOME:-} in
    /*) cache=$XDG_CACHE_HOME/dqlitepy ;;
    *)
        [ -n "${HOME:-}" ] ||
            refuse "neither HOME nor XDG_CACHE_HOME is set, so there is no folder to keep the build's tools in" \
                "export HOME=/a/folder/of/yours"
        cache=$HOME/.cache/dqlitepy
        ;;
esac
mkdir -p "$cache" 2>/dev/null && [ -w "$cache" ] ||
    refuse "$cache cannot be written, and the build keeps its tools there" "export XDG_CACHE_HOME=/a/folder/of/yours"
cache=$(cd "$cache" && pwd -P)

# with_lock NAME COMMAND...  runs one process at a time; the kernel drops the lock however that process ends.
with_lock() {
    exec 9>"$cache/$1.lock"
    if ! flock -n 9; then
        say "waiting for another tools/bazel that is at the same work"
        flock 9
    fi
    shift
    # A daemon started below must not inherit the lock.
    "$@" 9>&-
    exec 9>&-
}

# key FILE...  names the state that these files describe.
key() {
    cat -- "$@" | sha256sum | cut -c1-16
}
