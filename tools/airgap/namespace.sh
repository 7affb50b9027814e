# SPDX-License-Identifier: Apache-2.0
# Bazel in a network of its own, which holds nothing but a loopback interface.
#
# Bazel's client speaks with its server over loopback. So the server keeps the namespaces that it was started in, and
# every client joins them: a new namespace for each call would cost a new server each time.

exec_bazel() {
    # A server sees what was bound when it was started, so it serves only those who need just that.
    server_view="$userland:$checkout:${DQLITEPY_RULESETS:-}"
    export CLIENT_CACHE="$cache" CLIENT_FLAGS="$flags" CLIENT_FOLDER="$start" CLIENT_OUTPUT_BASE="$output_base"
    export USER="${USER:-$(id -un)}"
    # Under a lock, because two servers for one output base would end each other.
    server_is_ready || with_lock "outputs/${output_base##*/}" start_server
    if starts_program "$@"; then
        run_program "$@"
    else
        exec_client "$@"
    fi
}

server_is_ready() {
    server_runs && [ "$(cat "$output_base.view" 2>/dev/null)" = "$server_view" ]
}

# Sets $server, its process id.
server_runs() {
    server=$(cat "$output_base/server/server.pid.txt" 2>/dev/null) &&
        tr '\0' '\n' 2>/dev/null <"/proc/$server/cmdline" | grep -qxF -e "--output_base=$output_base" &&
        # One that was started by hand, in the host's network, is none of ours.
        [ "$(readlink "/proc/$server/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}

start_server() {
    ! server_is_ready || return 0
    ! server_runs || (exec_client shutdown)
    set -- --unshare-net --bind "$checkout" "$checkout"
    [ -z "${DQLITEPY_RULESETS:-}" ] || set -- "$@" --ro-bind "$DQLITEPY_RULESETS" "$DQLITEPY_RULESETS"
    in_userland "$@" -- sh "$tools/airgap/client.sh" info server_pid >/dev/null || exit
    printf %s "$server_view" >"$output_base.view"
    server_runs || refuse "Bazel's server did not stay in its namespace" "DQLITEPY_BUILD=online tools/bazel build //..."
}

# exec_client BAZEL-ARGUMENT...
exec_client() {
    server_namespaces="--mount --net"
    if [ "$(readlink "/proc/$server/ns/user")" != "$(readlink /proc/self/ns/user)" ]; then
        server_namespaces="--user --preserve-credentials $server_namespaces"
    fi
    # shellcheck disable=SC2086  # a list of options
    exec nsenter --target "$server" $server_namespaces -- sh "$tools/airgap/client.sh" "$@"
}
