# SPDX-License-Identifier: Apache-2.0
# Which workspace Bazel is to build, and where its outputs lie.

# Sets $start, $workspace and $output_base. A folder outside the checkout means the checkout itself; inside it, the
# innermost module counts, as it does for Bazel (tests/ holds a consumer's).
find_workspace() {
    for folder in "$checkout" "$cache"; do
        case $folder in
            /usr/* | /etc/* | /sys/* | /proc/* | /dev/*) reason="lies where the userland has folders of its own" ;;
            *[[:space:]]*) reason="has a space in it, which the build systems of C libraries cannot bear" ;;
            *) continue ;;
        esac
        refuse "$folder $reason" \
            "mv '$checkout' /a/folder/of/yours   (or export XDG_CACHE_HOME=/a/folder/of/yours)"
    done
    start=$(pwd -P)
    case $start/ in
        "$checkout"/*) ;;
        *) start=$checkout ;;
    esac
    workspace=$start
    while [ "$workspace" != "$checkout" ] && [ ! -e "$workspace/MODULE.bazel" ]; do
        workspace=$(dirname "$workspace")
    done

    # One for each path: a server cannot serve two clones.
    output_base=$cache/outputs/$(printf %s "$workspace" | sha256sum | cut -c1-16)
    mkdir -p "$output_base"
}

# Makes absolute what the user named, because Bazel's own folder is another one.
find_given_folders() {
    for name in DQLITEPY_SOURCES DQLITEPY_RULESETS; do
        eval "folder=\${$name:-}"
        [ -n "$folder" ] || continue
        [ -d "$folder" ] || refuse "$name is '$folder', and there is no such folder" "unset $name"
        export "$name=$(cd "$folder" && pwd -P)"
    done
}
