# SPDX-License-Identifier: Apache-2.0
# Bazel's client, run inside the userland, in an environment that does not depend on who calls.
set -eu

cd "$CLIENT_FOLDER"
mkdir -p "$CLIENT_CACHE/home"
set -- bazel --output_base="$CLIENT_OUTPUT_BASE" --bazelrc="$CLIENT_FLAGS" "$@"
for name in $(env | sed -n 's/^\(DQLITEPY_[A-Za-z0-9_]*\|TERM\|USER\)=.*/\1/p'); do
    eval "value=\$$name"
    set -- "$name=$value" "$@"
done
exec env -i HOME="$CLIENT_CACHE/home" PATH=/usr/bin:/usr/sbin LANG=C.UTF-8 "$@"
