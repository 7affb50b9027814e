#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Copies the wheel into dist/ of the workspace, or into the directory given, and prints its path and sha256.
set -eu

fail() {
    echo "wheel: $1" >&2
    exit 1
}

wheel=${RUNFILES_DIR:-$0.runfiles}/@WHEEL@
[ -f "$wheel" ] || fail "$wheel is missing: start this by \`bazel run\`"
[ $# -le 1 ] || fail "too many arguments: give one directory at most"

case ${1-} in
'') directory=${BUILD_WORKSPACE_DIRECTORY:?wheel: start this by \`bazel run\`, or give a directory}/dist ;;
/*) directory=$1 ;;
*) directory=${BUILD_WORKING_DIRECTORY:-$PWD}/$1 ;;
esac
mkdir -p "$directory" || fail "cannot make the directory $directory: give another one as argument"

target=$directory/${wheel##*/}
# Nobody may see half a wheel: written beside its place, then renamed.
partial=$directory/.${wheel##*/}.$$
trap 'rm -f "$partial"' EXIT
trap 'exit 130' HUP INT TERM
if ! { cp "$wheel" "$partial" && chmod 0644 "$partial" && mv -f "$partial" "$target"; }; then
    fail "cannot write $target: give another directory as argument"
fi
sum=$(sha256sum "$target")
echo "$target"
echo "sha256 ${sum%% *}"
