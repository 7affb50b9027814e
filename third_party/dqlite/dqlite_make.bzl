# SPDX-License-Identifier: Apache-2.0
"""One recipe for everything that is made out of dqlite's source tree: dqlite, raft, their tests."""

load("@rules_foreign_cc//foreign_cc:defs.bzl", "configure_make")
load("//third_party:copts.bzl", "NATIVE_COPTS")
load("//third_party:machine_tools.bzl", "with_machine_tools")

# Says what ./configure would otherwise read off the machine.
_CONFIGURE_OPTIONS = [
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
    # SQLite's functions of mathematics; gcc's linker does not take them from what another library needs.
    "LIBS=-lm",
]

_COPTS = NATIVE_COPTS + [
    # The assertions guard consensus; a release build of a consumer (-c opt) would define NDEBUG.
    "-UNDEBUG",
    "-Wno-error",
]

_ENV = {
    "DQLITEPY_JOBS": "$(DQLITEPY_JOBS)",
    # Else the version would carry `git describe` of whatever repository encloses the build.
    "GIT_DIR": "/nonexistent",
    # No fall-through to the host's libraries.
    "PKG_CONFIG_LIBDIR": "/nonexistent",
}

_DEPS = [
    Label("//third_party/libuv"),
    Label("//third_party/lz4"),
    Label("//third_party/sqlite:sqlite3"),
]

def dqlite_make(name, targets, testonly = False, visibility = None, **kwargs):
    """Configures dqlite's tree and makes some of its targets.

    Args:
        name: of the target.
        targets: of upstream's makefile, as for configure_make.
        testonly: as for any target.
        visibility: as for any target.
        **kwargs: of configure_make, above all what the targets leave behind.
    """
    with_machine_tools(
        name = name,
        target = name + "_make",
        testonly = testonly,
        visibility = visibility,
    )
    configure_make(
        name = name + "_make",
        args = ["-j$DQLITEPY_JOBS"],
        autoreconf = True,
        autoreconf_options = ["-if"],
        build_data = [Label("//third_party/host_tools:fingerprint")],
        configure_in_place = True,
        configure_options = _CONFIGURE_OPTIONS,
        configure_xcompile = True,
        copts = _COPTS,
        env = _ENV,
        lib_source = select({
            Label("//third_party/dqlite:fixes"): Label("@dqlite_src_fixes//:srcs"),
            "//conditions:default": Label("@dqlite_src//:srcs"),
        }),
        # Built for the target above, and not a second time for its own sake.
        tags = ["manual"],
        targets = targets,
        testonly = testonly,
        toolchains = [Label("//third_party:jobs")],
        visibility = ["//visibility:private"],
        deps = _DEPS,
        **kwargs
    )
