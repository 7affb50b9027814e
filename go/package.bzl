# SPDX-License-Identifier: Apache-2.0
"""One Go package of the shim with its tests."""

load("@rules_go//go:def.bzl", "go_library", "go_test")

_MODULE = "dqlitepy.dev/go/"

def go_package(name, deps = [], cdeps = [], visibility = None, test_deps = [], test_data = [], test_size = "small"):
    """Declares the library of a folder, and its test where the folder has test files.

    Args:
        name: of the folder and of the package.
        deps: Go packages it imports.
        cdeps: C libraries that its cgo files include and link.
        visibility: of the library.
        test_deps: Go packages that its tests import beyond those.
        test_data: files that its tests read.
        test_size: of the test target.
    """
    cgo = {"cdeps": cdeps, "cgo": True} if cdeps else {}
    go_library(
        name = name,
        srcs = native.glob(
            ["*.go"],
            exclude = ["*_test.go"],
        ),
        importpath = _MODULE + name,
        visibility = visibility or ["//go:__subpackages__"],
        deps = deps,
        **cgo
    )
    tests = native.glob(
        ["*_test.go"],
        allow_empty = True,
    )
    if tests:
        go_test(
            name = name + "_test",
            size = test_size,
            srcs = tests,
            data = test_data + native.glob(
                ["testdata/**"],
                allow_empty = True,
            ),
            embed = [":" + name],
            # Neither mattn/go-sqlite3 nor go-dqlite's switch to single-thread SQLite may be compiled, in tests as in the library.
            gotags = ["nosqlite3"],
            deps = test_deps,
        )
        if test_size == "small":
            # For //tests:fast, which says what is in it as a whole.
            native.test_suite(
                name = "fast",
                tags = ["manual"],
                tests = [name + "_test"],
                visibility = ["//tests:__pkg__"],
            )
    native.filegroup(
        name = "sources",
        srcs = native.glob(["*.go"]),
        visibility = [
            "//go:__pkg__",
            "//tests/lint:__pkg__",
        ],
    )
