# SPDX-License-Identifier: Apache-2.0
# Everything else that the build needs: wheels, Go modules, the Go SDK and C sources. provision/ fetches and checks it.

provide_supplies() {
    store=$cache/store
    supplies=$cache/supplies-$(supplies_key)
    is_kept "$supplies" || with_lock airgap fetch_supplies
}

supplies_key() {
    key "$tools/airgap/lock.txt" "$tools"/airgap/provision/*.py "$tools/pins.py" "$tools"/pytest/*.txt \
        "$checkout/third_party/pins.bzl"
}

fetch_supplies() {
    # Another process may have fetched them while this one waited.
    ! is_kept "$supplies" || return 0
    require_mirror
    rm -rf "$cache"/supplies-*.part
    mkdir -p "$store" "$supplies.part"

    set -- --ro-bind "$checkout" "$checkout"
    [ -z "${DQLITEPY_SOURCES:-}" ] || set -- "$@" --ro-bind "$DQLITEPY_SOURCES" "$DQLITEPY_SOURCES"
    in_networked_userland --setenv PYTHONPATH "$checkout" "$@" -- python3 "$tools/airgap/provision" --checkout "$checkout" --store "$store" \
        --supplies "$supplies.part" --mirror "$mirror" --sources "${DQLITEPY_SOURCES:-}" || exit
    mv "$supplies.part" "$supplies"
    remove_unused supplies
}
