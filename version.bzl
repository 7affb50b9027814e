# SPDX-License-Identifier: Apache-2.0
"""The one place that says which version this is; tests compare MODULE.bazel and dqlitepy._version with it."""

VERSION = "0.1.0"
