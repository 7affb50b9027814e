# SPDX-License-Identifier: Apache-2.0
"""SQLite's two ways to write a version."""

def sqlite_version_number(version):
    """Returns what SQLITE_VERSION_NUMBER is in a version.

    Args:
        version: for example 3.54.1, which is 3054001.
    """
    major, minor, patch = [int(part) for part in version.split(".")]
    return str(major * 1000000 + minor * 1000 + patch)
