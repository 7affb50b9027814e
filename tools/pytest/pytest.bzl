# SPDX-License-Identifier: Apache-2.0
"""pytest under py_test: one file a target, so that each is parallel, cached and named in the result."""

load("@rules_python//python:defs.bzl", "py_test")

def pytest_test(name, src, srcs = [], deps = [], data = [], **kwargs):
    """Declares a test target for one pytest file.

    Args:
        name: of the target.
        src: the file with the tests.
        srcs: further Python files that it imports from its own folder (conftest.py, support modules).
        deps: py_library targets; pytest itself is added.
        data: files that the tests read.
        **kwargs: of py_test.
    """
    py_test(
        name = name,
        srcs = [
            src,
            "//tools/pytest:main.py",
        ] + srcs,
        args = ["$(rootpath {})".format(src)] + kwargs.pop("args", []),
        data = data + ["//:pyproject.toml"],
        main = "//tools/pytest:main.py",
        deps = deps + ["@dqlitepy_dev//pytest"],
        **kwargs
    )

def pytest_folder(speed = [], smoke = [], fast = [], **kwargs):
    """Declares a pytest_test for each test_*.py of the folder; its other Python files go along with each.

    The folder's suite `fixes` has those that hold for a dqlite without its patches for speed as well, and `fixes_smoke` the
    few of these that stand for all. Its suite `fast` has what `//tests:fast` takes from it.

    Args:
        speed: the tests of what those patches do.
        smoke: the tests of `fixes_smoke`.
        fast: the tests of `fast`; of a folder of small tests, all of them.
        **kwargs: of pytest_test, the same for all.
    """
    python_files()
    support = native.glob(
        ["*.py"],
        allow_empty = True,
        exclude = ["test_*.py"],
    )
    tests = [src.removesuffix(".py") for src in native.glob(["test_*.py"])]
    for test in tests:
        pytest_test(
            name = test,
            src = test + ".py",
            srcs = support,
            **kwargs
        )
    suite("fixes", [test for test in tests if test not in speed])
    if smoke:
        suite("fixes_smoke", smoke)
    if fast or kwargs["size"] == "small":
        suite("fast", fast or tests)

def lend_tests(package, others = []):
    """Lets another package run the folder's tests in its own way: their files, and the groups `tests` and `support`.

    Args:
        package: which one.
        others: further files that it may name.
    """
    visibility = [package + ":__pkg__"]
    tests = native.glob(["test_*.py"])
    native.exports_files(tests + others, visibility = visibility)
    native.filegroup(
        name = "tests",
        srcs = tests,
        visibility = visibility,
    )
    native.filegroup(
        name = "support",
        srcs = native.glob(
            ["*.py"],
            exclude = ["test_*.py"],
        ),
        visibility = visibility,
    )

def suite(name, tests):
    """Declares a suite for //tests, which says what is in it as a whole; `//...` has its tests without it.

    Args:
        name: of the suite, the same in each folder.
        tests: targets of the folder.
    """
    native.test_suite(
        name = name,
        tags = ["manual"],
        tests = tests,
        visibility = ["//tests:__pkg__"],
    )

def python_files(name = "python_files"):
    """Declares the group of the package's Python files, which the linters read (//tests/lint lists the groups).

    Args:
        name: of the group.
    """
    native.filegroup(
        name = name,
        srcs = native.glob(["**/*.py"]),
        visibility = [
            "//tests/heads:__pkg__",
            "//tests/lint:__pkg__",
        ],
    )
