# SPDX-License-Identifier: Apache-2.0
# bazelisk brings the very Bazel that .bazelversion names; a plain `bazel` on PATH may be of another major version.

bazelisk_releases=https://github.com/bazelbuild/bazelisk/releases/download
bazelisk_version=1.26.0
bazelisk_sha256_amd64=6539c12842ad76966f3d493e8f80d67caa84ec4a000e220d5459833c967c12bc
bazelisk_sha256_arm64=54f85ef4c23393f835252cc882e5fea596e8ef3c4c2056b059f8067cd19f0351

exec_bazelisk() {
    if command -v bazelisk >/dev/null; then
        exec bazelisk "$@"
    fi
    case $(uname -m) in
        x86_64) bazelisk_cpu=amd64 bazelisk_sha256=$bazelisk_sha256_amd64 ;;
        aarch64) bazelisk_cpu=arm64 bazelisk_sha256=$bazelisk_sha256_arm64 ;;
        *) refuse "the build runs on x86_64 and aarch64, and this is $(uname -m)" "run the build on one of those" ;;
    esac
    bazelisk=$cache/bazelisk-$bazelisk_version
    [ -x "$bazelisk" ] || with_lock bazelisk step "fetching bazelisk $bazelisk_version" fetch_bazelisk
    exec "$bazelisk" "$@"
}

fetch_bazelisk() {
    bazelisk_url=$bazelisk_releases/v$bazelisk_version/bazelisk-linux-$bazelisk_cpu
    bazelisk_help="or put a bazelisk that you trust on PATH"
    download "$bazelisk_url" "$bazelisk.part" 300 ||
        refuse "$bazelisk_url cannot be fetched" "DQLITEPY_BUILD=airgap tools/bazel build //...   ($bazelisk_help)"
    bazelisk_sum=$(sha256sum <"$bazelisk.part" | cut -c1-64)
    [ "$bazelisk_sum" = "$bazelisk_sha256" ] ||
        refuse "$bazelisk_url is not the file that is pinned: its sha256 is $bazelisk_sum" \
            "DQLITEPY_BUILD=airgap tools/bazel build //...   ($bazelisk_help)"
    chmod +x "$bazelisk.part"
    mv "$bazelisk.part" "$bazelisk"
}
