# SPDX-License-Identifier: Apache-2.0
"""py_package: the files of some Python packages, out of all that the deps need at run time."""

def path_in_wheel(file):
    """Returns where a file belongs in a wheel: its path below the root of its repository.

    Args:
        file: File
    Returns:
        string
    """
    if file.short_path.startswith("../"):
        return file.short_path.split("/", 2)[2]
    return file.short_path

def _py_package_impl(ctx):
    prefixes = [package.replace(".", "/") for package in ctx.attr.packages]
    available = depset(transitive = [
        files
        for dep in ctx.attr.deps
        for files in [dep[DefaultInfo].data_runfiles.files, dep[DefaultInfo].default_runfiles.files]
    ] + [dep[PyInfo].transitive_sources for dep in ctx.attr.deps if PyInfo in dep])
    if not prefixes:
        return [DefaultInfo(files = available)]
    return [DefaultInfo(files = depset([
        file
        for file in available.to_list()
        if any([path_in_wheel(file).startswith(prefix) for prefix in prefixes])
    ]))]

py_package = rule(
    implementation = _py_package_impl,
    attrs = {
        "deps": attr.label_list(doc = "Targets whose run-time files are looked through."),
        "packages": attr.string_list(doc = "Dotted names; everything whose path begins so is taken, all if empty."),
    },
    doc = "Selects files by Python package, to be packed by py_wheel.",
)
