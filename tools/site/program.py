# SPDX-License-Identifier: Apache-2.0
"""Makes the site out of the pages and the docstrings: `program OUTPUT NAME=FILE…`, as //docs:site calls it.

Nothing is fetched: what Sphinx, the theme and MyST need is on the path. A warning of theirs is a failure.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.site.settings import SETTINGS, convert_page
from tools.site.tree import make_tree


def make_site(output: Path, files: list[tuple[str, Path]]) -> None:
    """Writes the site's files below `output`.

    Raises:
        sphinx.errors.SphinxError: a page has something that the site cannot show.
    """
    with TemporaryDirectory(prefix="dqlitepy-site-") as folder:
        source, cache = Path(folder, "source"), Path(folder, "cache")
        make_tree(source, files)
        # By its name, since the type checker runs without what makes the site.
        app = import_module("sphinx.application").Sphinx(
            srcdir=source,
            confdir=None,
            outdir=output,
            doctreedir=cache,
            buildername="html",
            confoverrides=SETTINGS,
            status=None,
            warningiserror=True,
            keep_going=True,
        )
        app.connect("source-read", convert_page)
        app.build()
        if app.statuscode:
            raise SystemExit(app.statuscode)
    # Of use to a second build in the same folder only.
    (output / ".buildinfo").unlink(missing_ok=True)


def main() -> None:
    """Runs the program."""
    output, *given = sys.argv[1:]
    pairs = (argument.partition("=") for argument in given)
    make_site(Path(output), [(name, Path(file)) for name, _, file in pairs])


if __name__ == "__main__":
    main()
