# SPDX-License-Identifier: Apache-2.0
"""The rule under its public name, without the metadata."""

def package_metadata(name, visibility = None, **_kwargs):
    # Not applied to itself: gazelle makes it the default of its own package, and that would be a cycle.
    native.filegroup(
        name = name,
        applicable_licenses = [],
        visibility = visibility,
    )
