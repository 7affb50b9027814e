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

def pytest_folder(**kwargs):
    """Declares a pytest_test for each test_*.py of the folder; its other Python files go along with each.

    Args:
        **kwargs: of pytest_test, the same for all.
    """
    python_files()
    support = native.glob(
        ["*.py"],
        allow_empty = True,
        exclude = ["test_*.py"],
    )
    for src in native.glob(["test_*.py"]):
        pytest_test(
            name = src.removesuffix(".py"),
            src = src,
            srcs = support,
            **kwargs
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
