#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# One build of a foreign library: find what it depends on, build it, install it, leave no absolute path behind.
set -euo pipefail

export EXT_BUILD_ROOT=$PWD
export INSTALLDIR="$EXT_BUILD_ROOT/%{install_dir}"
export BUILD_TMPDIR="$INSTALLDIR.build_tmpdir"
export EXT_BUILD_DEPS="$INSTALLDIR.ext_build_deps"
%{environment}
export PATH="$EXT_BUILD_DEPS/bin:$EXT_BUILD_ROOT:$PATH"
export MAKE=make

log="$EXT_BUILD_ROOT/%{log}"
exec 3>&2 >"$log" 2>&1
on_exit() {
    local status=$?
    if [[ $status -eq 0 ]]; then
        rm -rf "$BUILD_TMPDIR" "$EXT_BUILD_DEPS"
    else
        cat "$log" >&3
        echo "%{label}: the foreign build failed with exit status $status; above is its whole output" >&3
    fi
}
trap on_exit EXIT

# Files in which build systems record absolute paths, and which other builds read.
relocatable=(-type f "(" -name "*.pc" -o -name "*.la" -o -name "*-config" -o -name "*.mk" -o -name "*.cmake" ")")

replace_in_relocatable_files() {  # folder from to
    find -P "$1" "${relocatable[@]}" -exec sed -i $'s\001'"$2"$'\001'"$3"$'\001g' {} +
}

link_contents() {  # from to
    if [[ -d "$1" ]]; then
        cp -rsfL --no-target-directory "$EXT_BUILD_ROOT/$1" "$2"
    fi
}

link_file() {  # file folder
    ln -sf "$EXT_BUILD_ROOT/$1" "$2/"
}

use_foreign_installation() {  # folder
    local installed="$EXT_BUILD_DEPS/${1##*/}"
    link_contents "$1" "$installed"
    # Links into another target's outputs cannot be edited: turn those to edit into copies.
    local link
    find -P "$installed" -type l "${relocatable[@]:2}" -print0 | while IFS= read -r -d "" link; do
        cp --remove-destination "$(readlink -f "$link")" "$link"
        chmod u+w "$link"
    done
    replace_in_relocatable_files "$installed" '${EXT_BUILD_DEPS}' "$EXT_BUILD_DEPS"
    replace_in_relocatable_files "$installed" '${EXT_BUILD_ROOT}' "$EXT_BUILD_ROOT"
    local first
    first=$(find -L "$installed" -name "*.pc" -print -quit)
    if [[ -n "$first" ]]; then
        export PKG_CONFIG_PATH="${PKG_CONFIG_PATH:-}:${first%/*}"
    fi
}

rm -rf "$BUILD_TMPDIR" "$EXT_BUILD_DEPS"
mkdir -p "$INSTALLDIR" "$BUILD_TMPDIR" "$EXT_BUILD_DEPS"/{bin,include,lib}
%{dependencies}
cd "$BUILD_TMPDIR"
set -x
%{commands}
set +x

replace_in_relocatable_files "$INSTALLDIR" "$BUILD_TMPDIR" '${EXT_BUILD_DEPS}'
replace_in_relocatable_files "$INSTALLDIR" "$EXT_BUILD_DEPS" '${EXT_BUILD_DEPS}'
replace_in_relocatable_files "$INSTALLDIR" "$EXT_BUILD_ROOT" '${EXT_BUILD_ROOT}'

cd "$EXT_BUILD_ROOT"
for output in %{outputs}; do
    if [[ ! -e "$output" ]]; then
        echo "declared but not installed: $output; installed were:"
        find "$INSTALLDIR" -mindepth 1
        exit 1
    fi
    # A link to a versioned name would dangle outside the installation.
    if [[ -L "$output" ]]; then
        cp --remove-destination "$(readlink -f "$output")" "$output"
    fi
done
cp -rL --no-target-directory "$INSTALLDIR" "%{install_copy}"
