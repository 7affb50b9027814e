# SPDX-License-Identifier: Apache-2.0
"""py_library: a library of Python sources, by Bazel's own rule."""

load("//python/private:refusal.bzl", "REFUSED_BY_PY_LIBRARY", "refuse")

def py_library(name, **attributes):
    """Declares a py_library target, or says which attribute stands in the way.

    Args:
        name: string
        **attributes: those of the real py_library
    """
    refuse("py_library", name, attributes, REFUSED_BY_PY_LIBRARY)
    native.py_library(name = name, **attributes)
