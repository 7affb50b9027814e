# SPDX-License-Identifier: Apache-2.0
# Debian packages that the build needs on the machine itself.

# apt_install PACKAGE...  installs them where that is allowed; else the caller says what to type.
apt_install() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    step "installing $* with apt-get" apt_install_as_root "$@"
}

apt_install_as_root() {
    apt_log=$cache/apt-install.log
    if ! {
        apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "$@"
    } >"$apt_log" 2>&1 </dev/null; then
        tail -n 5 "$apt_log" >&2
        refuse "apt-get could not install $* (its whole output is in $apt_log)" "apt-get update && apt-get install $*"
    fi
}
