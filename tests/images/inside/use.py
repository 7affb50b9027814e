# SPDX-License-Identifier: Apache-2.0
"""Run in an image: dqlitepy with nothing but the wheel on the path, first connection to last."""

import os
import sys

import dqlitepy

directory = os.path.join(sys.argv[1], "node")
with dqlitepy.connect(directory) as con:
    con.execute("CREATE TABLE planet (name TEXT, moons INTEGER)")
    con.executemany("INSERT INTO planet VALUES (?, ?)", [("Mars", 2), ("Jupiter", 95), ("Venus", 0)])
con.close()
con = dqlitepy.connect(directory)
assert con.execute("SELECT name FROM planet WHERE moons > ? ORDER BY moons", (1,)).fetchall() == [
    ("Mars",),
    ("Jupiter",),
]
con.close()

try:
    open(os.path.join(os.path.dirname(dqlitepy.__file__), "written"), "w").close()
except OSError:
    pass
else:
    sys.exit("the root file system can be written to: this shows nothing")
version = "{}.{}.{}".format(*sys.version_info)
print(
    f"works: Python {version}, {os.confstr('CS_GNU_LIBC_VERSION')}, uid {os.getuid()}, "
    f"dqlitepy {dqlitepy.__version__}, SQLite {dqlitepy.sqlite_version}"
)
