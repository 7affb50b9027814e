# SPDX-License-Identifier: Apache-2.0
"""Takes along the native library, which no import names, and the modules that load when they are first needed."""

import os

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def _files(ending: str) -> list[str]:
    """Returns the files of the package with this ending, relative to its parent."""
    return sorted(
        os.path.relpath(os.path.join(folder, name), os.path.dirname(_PACKAGE))
        for folder, _, names in os.walk(_PACKAGE)
        for name in names
        if name.endswith(ending)
    )


binaries = [(os.path.join(os.path.dirname(_PACKAGE), file), os.path.dirname(file)) for file in _files(".so")]
_FOR_OTHERS = ("/contrib/", "/django/", "/sqlalchemy/", "/testing.py")
# Not what is for other libraries, which may not be installed: a program that has them imports it, or names it.
hiddenimports = [
    file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    for file in _files(".py")
    if "-" not in file and not any(part in file for part in _FOR_OTHERS)
]
