# SPDX-License-Identifier: Apache-2.0
# Everything else that the build needs: wheels, Go modules, the Go SDK and C sources. provision/ fetches and checks it.

provide_supplies() {
    supplies=$cache/supplies
    supplies_stamp=$supplies/$(supplies_key).whole
    [ -e "$supplies_stamp" ] || with_lock airgap fetch_supplies
}

supplies_key() {
    key "$tools/airgap/lock.txt" "$tools"/airgap/provision/*.py "$tools/pytest/requirements.txt" "$checkout/third_party/pins.bzl"
}

fetch_supplies() {
    [ ! -e "$supplies_stamp" ] || return 0
    mkdir -p "$supplies"
    mirror=$(debian_mirror)
    set --
    # The way to the mirrors is the machine's own: name server, proxies, certificates, clients' settings.
    for file in /etc/resolv.conf /etc/hosts; do
        [ ! -e "$file" ] || set -- "$@" --ro-bind "$file" "$file"
    done
    certificates=${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}
    [ ! -e "$certificates" ] || set -- "$@" --ro-bind "$certificates" /etc/ssl/certs/ca-certificates.crt
    for file in "${HOME:-/root}/.config/pip" "${HOME:-/root}/.config/go"; do
        [ ! -e "$file" ] || set -- "$@" --ro-bind "$file" "$file"
    done
    [ -z "${DQLITEPY_SOURCES:-}" ] || set -- "$@" --ro-bind "$DQLITEPY_SOURCES" "$DQLITEPY_SOURCES"

    set -- "$@" --ro-bind "$checkout" "$checkout" -- \
        env -i HOME="${HOME:-/root}" PATH=/usr/bin:/usr/sbin LANG=C.UTF-8 SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
    for name in $(exported 'https?_proxy|HTTPS?_PROXY|no_proxy|NO_PROXY|PIP_(EXTRA_)?INDEX_URL|PIP_TRUSTED_HOST|PIP_PROXY|PIP_DEFAULT_TIMEOUT|GOPROXY|GOPRIVATE|GONOPROXY|GOINSECURE'); do
        eval "value=\$$name"
        set -- "$@" "$name=$value"
    done
    in_userland "$@" python3 "$tools/airgap/provision" --checkout "$checkout" --supplies "$supplies" \
        --mirror "$mirror" --sources "${DQLITEPY_SOURCES:-}" || exit
    : >"$supplies_stamp"
}
