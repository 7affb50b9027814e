# SPDX-License-Identifier: Apache-2.0
"""Which version of each Go module the graph took.

The root module of a graph may ask for newer ones than ours, or replace them. The SBOM and the NOTICE name what is linked, and
not what pins.bzl would have. gazelle writes the version into the BUILD file of each module's repository.
"""

_PURL = "purl = \"pkg:golang/"

def _version(rctx, label):
    root = rctx.path(label).dirname
    for name in ["BUILD.bazel", "BUILD"]:
        file = root.get_child(name)
        if file.exists:
            _, found, rest = rctx.read(file).partition(_PURL)
            if found:
                return rest.partition("\"")[0].rpartition("@")[2]

    # A folder of the root module's own has none.
    return ""

def _resolved_modules_impl(rctx):
    versions = {
        module: _version(rctx, Label(licence))
        for module, licence in rctx.attr.modules.items()
    }
    rctx.file("versions.json", json.encode_indent(versions) + "\n")
    rctx.file("BUILD.bazel", "exports_files([\"versions.json\"])\n")

resolved_modules = repository_rule(
    implementation = _resolved_modules_impl,
    doc = "versions.json: the path of each Go module to its version, which is empty where go.mod replaces it by a folder.",
    attrs = {
        "modules": attr.string_dict(
            doc = "Path of a module to the canonical label of its licence, a file in the module's root.",
            mandatory = True,
        ),
    },
)
