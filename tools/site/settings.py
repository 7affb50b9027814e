# SPDX-License-Identifier: Apache-2.0
"""How Sphinx shows the pages: its settings, and what is converted that only GitHub understands."""

from __future__ import annotations

import posixpath
import re
from typing import Any

REPOSITORY = "https://github.com/dqlitepy/dqlitepy"

SETTINGS: dict[str, Any] = {
    "project": "dqlitepy",
    "author": "the authors of dqlitepy",
    "extensions": ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"],
    "html_theme": "furo",
    "html_title": "dqlitepy",
    "html_show_sourcelink": False,
    "html_copy_source": False,
    "html_show_copyright": False,
    # The pages of the reference and the first one lie in no repository, so no button leads there.
    "html_theme_options": {"top_of_page_buttons": []},
    "root_doc": "index",
    # Strings of Python are to be copied.
    "smartquotes": False,
    # Between single backticks, in docstrings, stands code.
    "default_role": "code",
    "myst_heading_anchors": 4,
    "myst_enable_extensions": [],
    "autodoc_member_order": "bysource",
    "autodoc_typehints": "signature",
    "autodoc_preserve_defaults": True,
    "napoleon_numpy_docstring": False,
    "python_maximum_signature_line_length": 88,
    "highlight_language": "text",
}

_ANCHOR = re.compile(r'^<a id="([^"]+)"></a>$', re.MULTILINE)
_LINK = re.compile(r"\]\((?!https?://)([^)#:\s]+)(#[^)\s]*)?\)")
_CODE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def convert_page(app: Any, name: str, content: list[str]) -> None:
    """Makes of HTML's anchors those of MyST, and of links to the sources such to the repository."""
    if str(app.env.doc2path(name)).endswith(".md"):
        content[0] = converted(content[0], name, lambda path: (app.srcdir / path).is_file())


def converted(text: str, name: str, exists: Any) -> str:
    """Returns the text of the page `name`; `exists` tells of a path whether the site has it."""
    parts, last = [], 0
    for code in _CODE.finditer(text):
        parts += [_convert(text[last : code.start()], name, exists), code[0]]
        last = code.end()
    return "".join([*parts, _convert(text[last:], name, exists)])


def _convert(text: str, name: str, exists: Any) -> str:
    def link(found: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(name), found[1]))
        if path == "README.md":  # the first page
            return f"]({posixpath.relpath('index.md', posixpath.dirname(name) or '.')}{found[2] or ''})"
        if exists(path):
            return found[0]
        return f"]({REPOSITORY}/blob/main/{path}{found[2] or ''})"

    return _LINK.sub(link, _ANCHOR.sub(r"(\1)=", text))
