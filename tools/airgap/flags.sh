# SPDX-License-Identifier: Apache-2.0
# The flags that make Bazel take everything from the cache; BUILD files and MODULE.bazel are the same in both editions.

# Named by the module graph of rules_go, gazelle and Bazel itself, and never loaded by what we build.
empty_modules="apple_support buildozer protobuf zlib"

write_flags() {
    for module in $empty_modules; do
        [ -s "$cache/empty/$module/MODULE.bazel" ] && continue
        mkdir -p "$cache/empty/$module"
        echo "module(name = \"$module\")" >"$cache/empty/$module/MODULE.bazel"
    done
    flags=$output_base.bazelrc
    print_flags >"$flags.$$"
    mv "$flags.$$" "$flags"
}

print_flags() {
    # A lockfile records the Central Registry's answers, and WORKSPACE files would ask the network.
    cat <<END
common --lockfile_mode=off --noenable_workspace
common --registry="file://$cache/empty"
common --repository_cache="$store/repository"
common --disk_cache="$cache/disk" --experimental_disk_cache_gc_max_size=8G
common --override_module=rules_shell=/usr/share/bazel/rules/shell
common --override_module=rules_go="$supplies/rules_go"
common --override_module=gazelle="$supplies/gazelle"
END
    # rules_go names the SDK's repository after the module that asks: us as root, and us as somebody's dependency.
    for asking in main_ dqlitepy; do
        echo "common --override_repository=\"rules_go~~go_sdk~${asking}__download_0_linux_amd64=$supplies/go_sdk\""
    done
    for ruleset in "$cache"/empty/*/ "$tools"/airgap/rulesets/*/ ${DQLITEPY_RULESETS:+"$DQLITEPY_RULESETS"/*/}; do
        ruleset=${ruleset%/}
        echo "common --override_module=\"$(basename "$ruleset")=$ruleset\""
    done
    cat <<END
common --repo_env=BAZEL_HTTP_RULES_URLS_AS_DEFAULT_CANONICAL_ID=0
common --repo_env=DQLITEPY_WHEELS="$supplies/wheels"
common --repo_env=PIP_NO_INDEX=1 --repo_env=PIP_FIND_LINKS="$supplies/wheels"
common --repo_env=GOPROXY="file://$store/go/cache/download"
common --repo_env=GOSUMDB=off --repo_env=GOTOOLCHAIN=local --repo_env=GOFLAGS=-mod=mod
END
}
