# SPDX-License-Identifier: Apache-2.0
"""`python -m dqlitepy`, and the `dqlitepy` that installers put on PATH."""

from __future__ import annotations

import sys

from dqlitepy._cli.commands import main

if __name__ == "__main__":
    sys.exit(main())
