# SPDX-License-Identifier: Apache-2.0
# Everything else that the build needs: wheels, Go modules, the Go SDK and C sources. provision/ fetches and checks it.

provide_supplies() {
    store=$cache/store
    supplies=$cache/supplies-$(supplies_key)
    [ -d "$supplies" ] || with_lock airgap fetch_supplies
}

supplies_key() {
    key "$tools/airgap/lock.txt" "$tools"/airgap/provision/*.py "$tools/pytest/requirements.txt" \
        "$checkout/third_party/pins.bzl"
}

fetch_supplies() {
    # Another process may have fetched them while this one waited.
    [ ! -d "$supplies" ] || return 0
    require_mirror
    rm -rf "$cache"/supplies-*.part
    mkdir -p "$store" "$supplies.part"

    # The way to the mirrors is the machine's own: name server, certificates, clients' settings, proxies.
    set --
    for file in /etc/resolv.conf /etc/hosts "${HOME:-/root}/.config/pip" "${HOME:-/root}/.config/go"; do
        [ ! -e "$file" ] || set -- "$@" --ro-bind "$file" "$file"
    done
    certificates=${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}
    [ ! -e "$certificates" ] || set -- "$@" --ro-bind "$certificates" /etc/ssl/certs/ca-certificates.crt
    [ -z "${DQLITEPY_SOURCES:-}" ] || set -- "$@" --ro-bind "$DQLITEPY_SOURCES" "$DQLITEPY_SOURCES"

    set -- "$@" --ro-bind "$checkout" "$checkout" -- env -i HOME="${HOME:-/root}" PATH=/usr/bin:/usr/sbin \
        LANG=C.UTF-8 SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
    proxy_settings='https?_proxy|HTTPS?_PROXY|no_proxy|NO_PROXY'
    pip_settings='PIP_(EXTRA_)?INDEX_URL|PIP_TRUSTED_HOST|PIP_PROXY|PIP_DEFAULT_TIMEOUT'
    go_settings='GOPROXY|GOPRIVATE|GONOPROXY|GOINSECURE'
    for name in $(exported "$proxy_settings|$pip_settings|$go_settings"); do
        eval "value=\$$name"
        set -- "$@" "$name=$value"
    done

    in_userland "$@" python3 "$tools/airgap/provision" --checkout "$checkout" --store "$store" \
        --supplies "$supplies.part" --mirror "$mirror" --sources "${DQLITEPY_SOURCES:-}" || exit
    mv "$supplies.part" "$supplies"
}
