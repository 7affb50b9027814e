# SPDX-License-Identifier: Apache-2.0
# `bazel run`: a build has no network, but the program that comes out of it is the user's and has this machine's.

# starts_program BAZEL-ARGUMENT...  tells whether Bazel is to start a program, and not only to say how.
starts_program() {
    command=
    for argument in "$@"; do
        case $argument in
            --) break ;;
            --script_path | --script_path=*) return 1 ;;
            -*) ;;
            *) command=${command:-$argument} ;;
        esac
    done
    [ "$command" = run ]
}

# run_program BAZEL-ARGUMENT...
#
# A script of `#!/bin/sh` needs nothing but what every machine has, and may be about this one: it runs outside.
# All others find the interpreter and the libraries that they were made for in the userland.
run_program() {
    start_script=$output_base.run.$$
    trap 'rm -f "$start_script"' EXIT
    exec_client_for_script "$@"
    start_commands=$(cat "$start_script")
    started_file=$(sed -n '$s/^ *\([^ ]*\) .*/\1/p' "$start_script" | tr -d "'")
    rm "$start_script"
    trap - EXIT
    if [ "$(head -n 1 "$started_file" 2>/dev/null)" = '#!/bin/sh' ]; then
        exec sh -c "$start_commands"
    fi
    # For programs that make Debian trees of their own, or call tools/bazel.
    DQLITEPY_MIRROR=$(debian_mirror 2>/dev/null) || :
    export DQLITEPY_MIRROR DQLITEPY_BUILD=airgap
    # /var/tmp is a disk even where /tmp is none.
    set -- --die-with-parent --bind "$checkout" "$checkout" --bind /var/tmp /var/tmp
    for folder in "${DQLITEPY_SOURCES:-}" "${DQLITEPY_RULESETS:-}"; do
        [ -z "$folder" ] || set -- "$@" --ro-bind "$folder" "$folder"
    done
    in_networked_userland "$@" -- sh -c "$start_commands"
}

# exec_client_for_script BAZEL-ARGUMENT...  lets Bazel write the commands that would start the program.
exec_client_for_script() {
    remaining=$#
    while [ "$remaining" -gt 0 ]; do
        set -- "$@" "$1"
        if [ "$1" = "$command" ]; then
            set -- "$@" "--script_path=$start_script"
            command=
        fi
        shift
        remaining=$((remaining - 1))
    done
    (exec_client "$@") || exit
}
