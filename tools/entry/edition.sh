# SPDX-License-Identifier: Apache-2.0
# Which edition of the build: online (bazelisk, GitHub, the Central Registry) or air-gapped (package mirrors alone).

# Sets $edition. Says what it chose when that is news; the answer of the network is asked for once an hour.
choose_edition() {
    case ${DQLITEPY_BUILD:-} in
        online | airgap)
            edition=$DQLITEPY_BUILD
            return
            ;;
        '') ;;
        *) refuse "DQLITEPY_BUILD is '$DQLITEPY_BUILD', and there are two editions of the build: online and airgap" \
            "DQLITEPY_BUILD=airgap tools/bazel build //..." ;;
    esac

    edition_file=$cache/edition
    edition_before=
    if [ -f "$edition_file" ]; then
        read -r edition_before <"$edition_file" || :
        if [ -n "$(find "$edition_file" -mmin -60)" ]; then
            case $edition_before in online | airgap)
                edition=$edition_before
                return
                ;;
            esac
        fi
    fi

    if ! github_answers; then
        edition=airgap
        edition_reason="GitHub does not answer, so everything comes from the package mirrors that this machine uses"
    elif command -v bazelisk >/dev/null; then
        edition=online
        edition_reason="GitHub answers and bazelisk is on PATH"
    else
        edition=online
        edition_reason="GitHub answers; a pinned bazelisk is fetched from it"
    fi
    [ "$edition" = "$edition_before" ] ||
        say "the $edition edition: $edition_reason (DQLITEPY_BUILD=online|airgap forces one)"
    echo "$edition" >"$edition_file.$$"
    mv "$edition_file.$$" "$edition_file"
}

github_answers() {
    edition_probe=$(mktemp -d)
    edition_answer=0
    download https://github.com/bazelbuild/bazelisk/releases "$edition_probe/page" 8 2>/dev/null || edition_answer=$?
    rm -rf "$edition_probe"
    return "$edition_answer"
}
