# SPDX-License-Identifier: Apache-2.0
# bazelisk brings the very Bazel that .bazelversion names; a plain `bazel` on PATH may be of another major version.

bazelisk_releases=https://github.com/bazelbuild/bazelisk/releases/download
bazelisk_version=1.26.0
bazelisk_sha256_amd64=6539c12842ad76966f3d493e8f80d67caa84ec4a000e220d5459833c967c12bc
bazelisk_sha256_arm64=54f85ef4c23393f835252cc882e5fea596e8ef3c4c2056b059f8067cd19f0351

# Of the Bazel that .bazelversion names.
bazel_sha256_amd64=d7606e679b78067c811096fb3d6cf135225b528835ca396e3a4dddf957859544
bazel_sha256_arm64=bfe9558bd8a2ecfe4841ec46c0dbccb4b469fe22d81f2f859de0de222b3e7ce3

exec_bazelisk() {
    verify_bazel
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

# Lets bazelisk run the pinned file alone. Who chooses another version with USE_BAZEL_VERSION can give its sum too.
verify_bazel() {
    [ -z "${USE_BAZEL_VERSION:-}" ] || return 0
    case $(uname -m) in
        x86_64) bazel_sha256=$bazel_sha256_amd64 ;;
        aarch64) bazel_sha256=$bazel_sha256_arm64 ;;
        *) return 0 ;;
    esac
    export BAZELISK_VERIFY_SHA256="${BAZELISK_VERIFY_SHA256:-$bazel_sha256}"
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
