# SPDX-License-Identifier: Apache-2.0
"""py_binary: a Python program, by Bazel's own rule."""

load("//python/private:refusal.bzl", "REFUSED_BY_PY_EXECUTABLE", "refuse")

def py_binary(name, **attributes):
    """Declares a py_binary target, or says which attribute stands in the way.

    Args:
        name: string
        **attributes: those of the real py_binary
    """
    refuse("py_binary", name, attributes, REFUSED_BY_PY_EXECUTABLE)
    native.py_binary(name = name, **attributes)
