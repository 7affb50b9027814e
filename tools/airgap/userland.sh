# SPDX-License-Identifier: Apache-2.0
# The userland: a Debian tree with Bazel, autotools, Python and apt in it, made by mmdebstrap.

sources_help="DQLITEPY_SOURCES=DIR tools/bazel build //...   (DIR holds the .debs that tools/airgap/lock.txt names)"

provide_userland() {
    userland=$cache/userland-$(key "$tools/airgap/packages.txt" "$tools/airgap/userland.sh")
    is_kept "$userland" || with_lock airgap make_userland
}

make_userland() {
    # Another process may have made it while this one waited.
    ! is_kept "$userland" || return 0
    require_machine
    require_mirror
    require_space
    require_programs
    require_namespaces
    require_subordinate_ids
    workshop=$(mktemp -d)
    trap 'rm -rf "$workshop"' EXIT
    # Under mmdebstrap's user namespace, neither root nor apt is this user any more.
    chmod 755 "$workshop"
    require_mirror_answer "$workshop"
    apt_network_settings >"$workshop/apt.conf"
    prefer_bazel >"$workshop/preferences"
    pinned_debs
    rm -rf "$cache"/userland-*.part
    step "making a Debian userland of about 1.2 GB from $mirror" bootstrap_userland
    accept_bazel
    touch "$userland.part"
    mv "$userland.part" "$userland"
    rm -rf "$workshop"
    trap - EXIT
    remove_unused userland
}

# Forky supplies Bazel alone, and what trixie has no version of. Of a package's records, apt obeys the first match.
prefer_bazel() {
    cat <<'END'
Package: bazel-* libabsl*
Pin: origin ""
Pin-Priority: 990

Package: bazel-bootstrap bazel-bootstrap-data
Pin: version 7.*
Pin-Priority: 900

Package: bazel-bootstrap bazel-bootstrap-data
Pin: version *
Pin-Priority: -1

Package: bazel-* libabsl*
Pin: release n=forky
Pin-Priority: 900

Package: *
Pin: release n=forky
Pin-Priority: 100
END
}

# Turns the .debs of DQLITEPY_SOURCES into an archive that apt prefers; $pinned_archive is its source line.
pinned_debs() {
    pinned_archive=
    [ -n "${DQLITEPY_SOURCES:-}" ] || return 0
    mkdir "$workshop/debs"
    while read -r lock_kind lock_file lock_sha256; do
        [ "$lock_kind" = deb ] && [ -f "$DQLITEPY_SOURCES/$lock_file" ] || continue
        cp "$DQLITEPY_SOURCES/$lock_file" "$workshop/debs/"
        echo "$lock_sha256  $workshop/debs/$lock_file" | sha256sum --check --status ||
            refuse "$DQLITEPY_SOURCES/$lock_file is not the file that tools/airgap/lock.txt pins" \
                "rm '$DQLITEPY_SOURCES/$lock_file'"
        dpkg-deb --field "$workshop/debs/$lock_file"
        printf 'Filename: ./%s\nSize: %s\n' "$lock_file" "$(stat -c %s "$workshop/debs/$lock_file")"
        printf 'SHA256: %s\n\n' "$lock_sha256"
        pinned_archive="deb [trusted=yes] copy:$workshop/debs ./"
    done <"$tools/airgap/lock.txt" >"$workshop/debs/Packages"
    chmod -R a+rX "$workshop/debs"
}

# Documents and translations would be a quarter of the tree; but the JDK's installation fails where man1 is missing.
# Debian's bazelrc makes every sandbox print its debugging, and gives an option that Bazel itself warns of.
bootstrap_userland() {
    bootstrap_log=$cache/userland.log
    if [ "$(id -u)" = 0 ]; then
        set -- --mode=root --format=directory
        bootstrap_target=$userland.part
    else
        set -- --mode=unshare --format=tar
        bootstrap_target=$workshop/userland.tar
    fi
    mmdebstrap --variant=apt --architectures=amd64 "$@" \
        --aptopt="$workshop/apt.conf" \
        --dpkgopt='force-unsafe-io' \
        --dpkgopt='path-exclude=/usr/share/doc/*' \
        --dpkgopt='path-exclude=/usr/share/info/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' \
        --dpkgopt='path-exclude=/usr/share/man/*' \
        --include="$(grep -v '^#' "$tools/airgap/packages.txt" | xargs)" \
        --setup-hook='mkdir -p "$1/etc/apt/preferences.d" "$1/usr/share/man/man1"' \
        --setup-hook="copy-in '$workshop/preferences' /etc/apt/preferences.d" \
        --customize-hook=': >"$1/etc/resolv.conf"; echo "127.0.0.1 localhost" >"$1/etc/hosts"' \
        --customize-hook='sed -i "/sandbox_debug/d; /host_javabase/d" "$1/etc/bazel/bazelrc"' \
        trixie "$bootstrap_target" \
        "deb $mirror trixie main" "deb $mirror trixie-updates main" "deb $mirror forky main" \
        ${pinned_archive:+"$pinned_archive"} \
        >"$bootstrap_log" 2>&1 || explain_bootstrap_failure
    if [ "$(id -u)" != 0 ]; then
        mkdir "$userland.part"
        # Owned by this user, so that `rm -rf` of the cache works.
        tar -xf "$bootstrap_target" -C "$userland.part" --no-same-owner --exclude='./dev/*'
        rm "$bootstrap_target"
    fi
}

explain_bootstrap_failure() {
    gone=$(sed -n "
        s/.*Failed to fetch .*\/\([^/ ]*\)  *404 .*/\1/p
        s/.*Package '\([^']*\)' has no installation candidate.*/\1/p
        s/.*Unable to locate package \(.*\)/\1/p
    " "$bootstrap_log" | head -n 1)
    [ -z "$gone" ] || refuse "the mirror $mirror does not carry $gone, or not at a version that does" "$sources_help"
    if grep -q 'No space left on device' "$bootstrap_log"; then
        refuse "the disk filled up while the userland was made" \
            "export XDG_CACHE_HOME=/a/folder/with/more/space TMPDIR=/another"
    fi
    tail -n 8 "$bootstrap_log" >&2
    refuse "mmdebstrap failed (its whole output is in $bootstrap_log)" \
        "tools/bazel build //...   (once more, if the network was at fault)"
}

# Any 7.x from 7.7.1 on is as good: the build is tested with that line of releases.
accept_bazel() {
    bazel_version=$(dpkg-query --admindir="$userland.part/var/lib/dpkg" --show --showformat='${Version}' \
        bazel-bootstrap)
    case $bazel_version in
        7.*) dpkg --compare-versions "$bazel_version" ge 7.7.1 && return ;;
    esac
    refuse "the mirror's Bazel is $bazel_version, and the build needs 7.7.1 or a later 7.x" "$sources_help"
}
