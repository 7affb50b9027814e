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

# is_kept FOLDER  tells whether the cache has a folder that is named after a key, and marks it as used.
is_kept() {
    # In this order: whoever is removing it either sees the mark or has taken the folder away before.
    touch -c "$1" 2>/dev/null
    [ -d "$1" ]
}

# remove_unused KIND  removes the folders KIND-* that nobody has used for 30 days. Is called under KIND's lock.
remove_unused() {
    find "$cache" -maxdepth 1 -type d -name "$1-*" -mtime +30 | while read -r unused; do
        mv "$unused" "$unused.part"
        if [ -z "$(find "$unused.part" -maxdepth 0 -mtime +30)" ]; then
            mv "$unused.part" "$unused"
            continue
        fi
        say "removing $unused, which nobody has used for 30 days"
        # Go keeps its modules in folders without write access.
        chmod -R u+w "$unused.part"
        rm -rf "$unused.part"
    done
}

# key FILE...  names the state that these files describe.
key() {
    cat -- "$@" | sha256sum | cut -c1-16
}
