# SPDX-License-Identifier: Apache-2.0
"""What dqlite's ./configure would otherwise read off the machine, for every target that runs it (dqlite, raft, their tests)."""

load("//third_party:copts.bzl", "NATIVE_COPTS")

DQLITE_CONFIGURE_OPTIONS = [
    "--disable-shared",
    "--enable-static",
    "--with-pic",
    "--enable-build-raft",
    # The backtrace header of the host would be used if it is there.
    "--disable-backtrace",
    "--disable-dependency-tracking",
    "--with-lz4",
    "have_zfs=no",
    "ac_cv_header_xfs_xfs_h=no",
    # SQLite is a cc_library: it has no .pc file.
    "SQLITE_CFLAGS=-I$$EXT_BUILD_DEPS/include",
    "SQLITE_LIBS=-lsqlite3",
]

DQLITE_COPTS = NATIVE_COPTS + [
    # The assertions guard consensus; a release build of a consumer (-c opt) would define NDEBUG.
    "-UNDEBUG",
    "-Wno-error",
]

DQLITE_ENV = {
    # Else the version would carry `git describe` of whatever repository encloses the build.
    "GIT_DIR": "/nonexistent",
    # No fall-through to the host's libraries.
    "PKG_CONFIG_LIBDIR": "/nonexistent",
}

DQLITE_DEPS = [
    Label("//third_party/libuv"),
    Label("//third_party/lz4"),
    Label("//third_party/sqlite:sqlite3"),
]
