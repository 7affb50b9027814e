# SPDX-License-Identifier: Apache-2.0
"""py_test: a Python test, by Bazel's own rule."""

load("//python/private:refusal.bzl", "REFUSED_BY_PY_EXECUTABLE", "refuse")

def py_test(name, **attributes):
    """Declares a py_test target, or says which attribute stands in the way.

    Args:
        name: string
        **attributes: those of the real py_test
    """
    refuse("py_test", name, attributes, REFUSED_BY_PY_EXECUTABLE)
    native.py_test(name = name, **attributes)
