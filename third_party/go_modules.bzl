# SPDX-License-Identifier: Apache-2.0
"""The Go modules that BUILD files of our own build, at the version of pins.bzl in whatever graph they are.

go_deps would give them the version that the root module's go.mod asks for, or what it replaces them with: another SQLite than
the one that was tested, under the name of this one. And gazelle's overrides are refused in a module that is not the root.
"""

load("@gazelle//:deps.bzl", "go_repository")
load(":go_module_files.bzl", "go_module_files")
load(":pins.bzl", "PINS")

def _sum(go_sum, module, version):
    start = "{} {} ".format(module, version)
    for line in go_sum.splitlines():
        if line.startswith(start):
            return line.removeprefix(start)
    fail("go/go.sum has no line for {} {}, which third_party/pins.bzl pins.\nType: (cd go && go mod tidy)".format(module, version))

def pinned_go_module(name, go_sum, component, **kwargs):
    """Declares the repository `name` with some files of a module, and `name`_module with all of it.

    Args:
        name: of the repository with a BUILD file of ours.
        go_sum: the text of go.sum, which has the module's hash.
        component: the module's name in pins.bzl.
        **kwargs: as for go_module_files: the BUILD file and which files.
    """
    module, version = PINS[component]["go_module"].split("@")
    go_repository(
        name = name + "_module",
        build_file_generation = "off",
        importpath = module,
        # A file can only be named in a folder that has a BUILD file.
        patch_cmds = ["touch BUILD.bazel"],
        sum = _sum(go_sum, module, version),
        version = version,
    )
    go_module_files(
        name = name,
        module = "@{}_module//:go.mod".format(name),
        **kwargs
    )
