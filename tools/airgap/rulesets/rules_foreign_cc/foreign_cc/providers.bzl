# SPDX-License-Identifier: Apache-2.0
"""What a target built by a foreign build system tells the targets that depend on it."""

ForeignCcArtifactInfo = provider(
    doc = "One installed library: a directory and the names of its parts.",
    fields = {
        "bin_dir_name": "string: folder of programs below gen_dir",
        "dll_dir_name": "string: folder of Windows libraries below gen_dir; unused here, part of the interface",
        "gen_dir": "File: the whole installation as one directory",
        "include_dir_name": "string: folder of headers below gen_dir",
        "lib_dir_name": "string: folder of libraries below gen_dir",
    },
)

ForeignCcDepsInfo = provider(
    doc = "A library and every foreign library below it.",
    fields = {"artifacts": "depset of ForeignCcArtifactInfo"},
)
