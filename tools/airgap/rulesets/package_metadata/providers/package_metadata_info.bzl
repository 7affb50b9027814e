# SPDX-License-Identifier: Apache-2.0
"""The provider that rules_go asks its dependencies for."""

PackageMetadataInfo = provider(
    doc = "What a package says of itself.",
    fields = {"metadata": "the file that says it"},
)
