# SPDX-License-Identifier: Apache-2.0
# Whether this machine can carry the air-gapped edition. Asked before anything takes long.

require_machine() {
    [ "$(uname -s) $(uname -m)" = "Linux x86_64" ] ||
        refuse "the air-gapped edition is for Linux x86_64, and this is $(uname -s) $(uname -m)" \
            "DQLITEPY_BUILD=online tools/bazel build //..."
    command -v apt-get >/dev/null ||
        refuse "the air-gapped edition takes its tools from a Debian mirror through apt, and there is no apt here" \
            "DQLITEPY_BUILD=online tools/bazel build //...   (or run this in a Debian container)"
}

require_space() {
    df -Pk "$cache" | {
        read -r _
        read -r _ _ _ free_kib _
        [ "$free_kib" -ge 6291456 ] ||
            refuse "$cache has $((free_kib / 1024)) MiB left, and the air-gapped edition needs 6 GiB" \
                "export XDG_CACHE_HOME=/a/folder/with/more/space"
    } || exit
}

require_programs() {
    missing=
    command -v mmdebstrap >/dev/null || missing="$missing mmdebstrap"
    command -v bwrap >/dev/null || missing="$missing bubblewrap"
    [ "$(id -u)" = 0 ] || command -v newuidmap >/dev/null || missing="$missing uidmap"
    [ -n "$missing" ] || return 0
    # shellcheck disable=SC2086  # a list of names
    apt_install $missing ||
        refuse "missing on this machine:$missing" "sudo apt-get install --no-install-recommends$missing"
}

require_namespaces() {
    namespace_error=$(bwrap --unshare-net --ro-bind / / --dev-bind /dev /dev --bind /proc /proc true 2>&1) && return
    [ "$(id -u)" = 0 ] && refuse "this container may not make namespaces of its own ($namespace_error)" \
        "docker run --privileged ...   (or run tools/bazel on the machine itself)"
    refuse "this kernel does not let an ordinary user make namespaces ($namespace_error)" \
        "sudo sysctl kernel.unprivileged_userns_clone=1 user.max_user_namespaces=10000   (or run tools/bazel as root)"
}

# Under an ordinary user, mmdebstrap gives the userland's other accounts this user's subordinate ids.
require_subordinate_ids() {
    [ "$(id -u)" != 0 ] || return 0
    subordinate_error=$(mmdebstrap --unshare-helper true 2>&1) && return
    refuse "mmdebstrap cannot map subordinate ids for $(id -un) ($(echo "$subordinate_error" | head -n 1))" \
        "sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $(id -un)   (or run tools/bazel as root)"
}
