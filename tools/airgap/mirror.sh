# SPDX-License-Identifier: Apache-2.0
# The Debian archive that this machine's own apt uses; no address of a mirror is written down anywhere.

# Prints its address; nothing where there is none.
debian_mirror() {
    # Release files are there only after an `apt-get update`, which an ordinary user cannot do.
    apt-get indextargets --no-release-info --format '$(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
        while read -r mirror_site mirror_release mirror_component; do
            case $mirror_release/$mirror_component in
                bullseye/main | bookworm/main | trixie/main | forky/main | duke/main | sid/main | \
                    oldoldstable/main | oldstable/main | stable/main | testing/main | unstable/main) ;;
                *) continue ;;
            esac
            case $mirror_site in
                # Cloud images keep the address in a file of its own.
                mirror+file:*) sed -n '/^[a-z]/{p;q;}' "${mirror_site#mirror+file:}" ;;
                http://* | https://*) echo "$mirror_site" ;;
                *) continue ;;
            esac
            break
        done
}

require_mirror() {
    mirror=$(debian_mirror)
    [ -n "$mirror" ] && return
    . /etc/os-release
    refuse "the package sources here are not Debian's (${PRETTY_NAME:-unknown}), which the air-gapped edition needs" \
        "DQLITEPY_BUILD=online tools/bazel build //...   (or run this in a Debian container)"
}

# Asked first, because mmdebstrap takes minutes to give up on a network that is not there.
require_mirror_answer() {
    for suite in trixie forky; do
        mirror_answer=$(apt_helper download-file "$mirror/dists/$suite/InRelease" "$1/InRelease" 2>&1) && continue
        case $mirror_answer in
            *404*)
                refuse "the mirror $mirror does not carry Debian $suite" \
                    "sudo editor /etc/apt/sources.list   (and name a mirror that carries all of Debian)"
                ;;
            *) refuse "the mirror $mirror does not answer" "sudo apt-get update   (it tells what is wrong)" ;;
        esac
    done
}

apt_helper() {
    PATH=$PATH:/usr/lib/apt apt-helper -o Acquire::Retries=0 \
        -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20 -o APT::Sandbox::User="$(id -un)" "$@"
}

# The host's way to its mirror, in apt's own words.
apt_network_settings() {
    apt-config dump | grep -E '^Acquire::(http|https)::|^Acquire::Retries' || :
    # A company's mirror may lag behind the date in the index; what decides the bytes of the wheel is pinned by hash.
    echo 'Acquire::Check-Valid-Until "false";'
}
