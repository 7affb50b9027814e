# SPDX-License-Identifier: Apache-2.0
"""Takes files out of a Go module, to build them with a BUILD file of our own: gazelle's cannot be given `cdeps`."""

def _go_module_files_impl(rctx):
    root = rctx.path(rctx.attr.module).dirname
    for directory, names in rctx.attr.directories.items():
        source = root.get_child(*directory.split("/")) if directory else root
        for child in source.readdir():
            if child.basename in names or (not names and child.basename.endswith(".go")):
                rctx.symlink(child, (directory + "/" if directory else "") + child.basename)
    if rctx.attr.build_file:
        rctx.symlink(rctx.path(rctx.attr.build_file), "BUILD.bazel")
    else:
        rctx.file("BUILD.bazel", rctx.attr.build_file_content)

go_module_files = repository_rule(
    implementation = _go_module_files_impl,
    attrs = {
        "build_file": attr.label(doc = "BUILD file of the new repository."),
        "build_file_content": attr.string(doc = "The same as text, where there is no build_file."),
        "directories": attr.string_list_dict(
            doc = "Directory of the module to the names of the files wanted; an empty list means every Go file.",
            mandatory = True,
        ),
        "module": attr.label(doc = "The module's go.mod.", mandatory = True),
    },
)
