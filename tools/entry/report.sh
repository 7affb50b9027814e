# SPDX-License-Identifier: Apache-2.0
# What tools/bazel says to the person in front of it; always on stderr, because stdout belongs to Bazel.

say() {
    printf 'dqlitepy: %s\n' "$*" >&2
}

# refuse WHAT-IS-WRONG WHAT-TO-TYPE
refuse() {
    printf 'dqlitepy: %s\nType: %s\n' "$1" "$2" >&2
    exit 1
}

# step WHAT COMMAND...  names a step that takes longer than two seconds, and tells how long it took.
step() {
    say "$1 ..."
    step_started=$(date +%s)
    step_name=$1
    shift
    "$@"
    say "$step_name: done in $(($(date +%s) - step_started)) s"
}
