# SPDX-License-Identifier: Apache-2.0
"""The extension `python`: the interpreter on PATH, as the one toolchain."""

load("//python/private:python_on_path.bzl", "python_on_path")

def _python_impl(module_ctx):
    wanted = [tag.python_version for module in module_ctx.modules for tag in module.tags.toolchain]
    python_on_path(name = "python_on_path", wanted = wanted)

python = module_extension(
    implementation = _python_impl,
    tag_classes = {
        "toolchain": tag_class(attrs = {
            "is_default": attr.bool(doc = "No choice: there is one interpreter."),
            "python_version": attr.string(mandatory = True, doc = "Refused unless the interpreter on PATH is of it."),
        }),
    },
)
