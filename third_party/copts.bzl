# SPDX-License-Identifier: Apache-2.0
"""Compiler flags of every C library that we link, in each mode (//tools/config:mode).

They stand on the targets and not in .bazelrc, so that a consumer's build, which has no .bazelrc of ours, gets the same library.
"""

# A function that overruns its stack, or a buffer of a size that is known, ends the process rather than go on. They need an
# optimising compiler, and a sanitizer sees more.
_HARDENED = [
    # A consumer's toolchain may have set another level.
    "-U_FORTIFY_SOURCE",
    "-D_FORTIFY_SOURCE=3",
    "-fstack-protector-strong",
]

NATIVE_COPTS = [
    # The archives end in a shared library, whatever the command line says about position independence.
    "-fPIC",
    # Only what dqlitepy.h declares may be visible: the process may hold another SQLite, Python's own.
    "-fvisibility=hidden",
] + select({
    Label("//tools/config:debug"): ["-O0", "-g"],
    # Reports name lines, and the code is near what ships.
    Label("//tools/config:sanitized"): ["-O1", "-g"],
    Label("//tools/config:local"): ["-O3", "-march=native", "-g0"] + _HARDENED,
    # -g0 also beats the -g3 that dqlite's configure adds, whose paths would make the bytes depend on the sandbox.
    Label("//tools/config:dist"): ["-O3", "-g0"] + _HARDENED,
})
