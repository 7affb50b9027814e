# SPDX-License-Identifier: Apache-2.0
"""Runs pytest on the files that a pytest_test target names, and tells Bazel what happened."""

import os
import sys

import pytest


def main() -> int:
    """Returns pytest's exit code; 5, nothing collected, stays a failure."""
    # The folder of this script is not a package root, and nothing may be imported from it.
    sys.path.pop(0)
    arguments = [
        "-p",
        "no:cacheprovider",
        "--import-mode=importlib",
        "--rootdir=.",
        "-c",
        "pyproject.toml",
        "-ra",
        "--strict-markers",
    ]
    if temporary := os.environ.get("TEST_TMPDIR"):
        arguments += ["--basetemp", os.path.join(temporary, "pytest")]
    if report := os.environ.get("XML_OUTPUT_FILE"):
        arguments += [f"--junitxml={report}", "-o", f"junit_suite_name={os.environ.get('TEST_TARGET', 'pytest')}"]
    if only := os.environ.get("TESTBRIDGE_TEST_ONLY"):
        arguments += ["-k", only]
    return int(pytest.main(arguments + sys.argv[1:]))


if __name__ == "__main__":
    sys.exit(main())
