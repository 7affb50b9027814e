#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Copies the wheel into dist/ of the workspace, or into the directory given, and prints its path and sha256.
set -eu

fail() {
    printf 'wheel: %s\n%s\n' "$1" "$2" >&2
    exit 1
}

wheel=${RUNFILES_DIR:-$0.runfiles}/@WHEEL@
usage='Type: bazel run //:wheel [-- DIRECTORY]'
[ $# -le 1 ] || fail 'more than one directory was given.' "$usage"
[ -f "$wheel" ] || fail "$wheel is missing." "$usage"

case ${1-} in
'')
    [ -n "${BUILD_WORKSPACE_DIRECTORY-}" ] || fail 'started without bazel, so there is no workspace to write to.' "$usage"
    directory=$BUILD_WORKSPACE_DIRECTORY/dist
    ;;
/*) directory=$1 ;;
*) directory=${BUILD_WORKING_DIRECTORY:-$PWD}/$1 ;;
esac
another='Give a directory that you may write to: bazel run //:wheel -- DIRECTORY'
mkdir -p "$directory" || fail "cannot make the directory $directory." "$another"

target=$directory/${wheel##*/}
# Nobody may see half a wheel: written beside its place, then renamed.
partial=$directory/.${wheel##*/}.$$
trap 'rm -f "$partial"' EXIT
trap 'exit 130' HUP INT TERM
if ! { cp "$wheel" "$partial" && chmod 0644 "$partial" && mv -fT "$partial" "$target"; }; then
    fail "cannot write $target." "$another"
fi
sum=$(sha256sum "$target")
echo "$target"
echo "sha256 ${sum%% *}"
