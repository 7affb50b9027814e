#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Calls tools/develop with the library that Bazel has built.
set -eu

runfiles=${RUNFILES_DIR:-$0.runfiles}
if [ -z "${BUILD_WORKSPACE_DIRECTORY:-}" ]; then
    printf 'dev: started without bazel, so there is no checkout to work in\nType: tools/bazel run //tools:dev\n' >&2
    exit 1
fi
exec "$runfiles/@DEVELOP@" --library "$runfiles/@LIBRARY@" --header "$runfiles/@HEADER@" "$@"
