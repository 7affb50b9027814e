# SPDX-License-Identifier: Apache-2.0
# Commands inside the userland.

# in_userland BWRAP-OPTION... -- COMMAND...
#
# The root is bubblewrap's own tmpfs, so that the checkout and the cache keep their paths wherever they lie.
# /dev is the host's: with a devpts of its own bubblewrap nests a second user namespace, which nobody could join later.
# So is /proc: bubblewrap covers parts of its own, and the kernel then refuses Bazel's sandbox a third one.
in_userland() {
    bwrap --ro-bind "$userland/usr" /usr --ro-bind "$userland/etc" /etc \
        --symlink usr/bin /bin --symlink usr/sbin /sbin --symlink usr/lib /lib --symlink usr/lib64 /lib64 \
        --bind /proc /proc --dev-bind /dev /dev --ro-bind /sys /sys --bind /tmp /tmp --dir /run --dir /var/tmp \
        --bind "$cache" "$cache" "$@"
}

# What of this machine's environment a command may see that has its network.
kept_settings='https?_proxy|HTTPS?_PROXY|no_proxy|NO_PROXY'
kept_settings="$kept_settings|PIP_(EXTRA_)?INDEX_URL|PIP_TRUSTED_HOST|PIP_PROXY|PIP_DEFAULT_TIMEOUT"
kept_settings="$kept_settings|GOPROXY|GOPRIVATE|GONOPROXY|GOINSECURE"
kept_settings="$kept_settings|DQLITEPY_[A-Z_]*|USER|TERM|COLUMNS|LINES|NO_COLOR|TZ"
kept_settings="$kept_settings|XDG_CACHE_HOME|HOME|PATH|LANG|SSL_CERT_FILE"

# in_networked_userland BWRAP-OPTION... -- COMMAND...
#
# The same with this machine's own way to its mirrors: name server, certificates, clients' settings, proxies.
in_networked_userland() {
    for file in /etc/resolv.conf /etc/hosts "${HOME:-/root}/.config/pip" "${HOME:-/root}/.config/go"; do
        [ ! -e "$file" ] || set -- --ro-bind "$file" "$file" "$@"
    done
    certificates=/etc/ssl/certs/ca-certificates.crt
    [ ! -e "${SSL_CERT_FILE:-$certificates}" ] ||
        set -- --ro-bind "${SSL_CERT_FILE:-$certificates}" "$certificates" "$@"
    for name in $(env | sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/\1/p' | grep -vxE "$kept_settings"); do
        set -- --unsetenv "$name" "$@"
    done
    in_userland --setenv HOME "${HOME:-/root}" --setenv PATH /usr/bin:/usr/sbin --setenv LANG C.UTF-8 \
        --setenv SSL_CERT_FILE "$certificates" "$@"
}
