# SPDX-License-Identifier: Apache-2.0
"""The compiler: zig cc, out of the wheel that PyPI carries, pinned by hash in //tools/pytest:requirements.txt.

Beside it this machine's gcc, for the sanitizers alone.
"""

load(":sanitizers.bzl", "sanitizers")
load(":zig_sdk.bzl", "zig_sdk")

def _zig_impl(module_ctx):
    zig_sdk(
        name = "zig_sdk",
        wheel = Label("@dqlitepy_dev_313_ziglang//:BUILD.bazel"),
    )
    sanitizers(name = "sanitizers")
    return module_ctx.extension_metadata(reproducible = True)

zig = module_extension(implementation = _zig_impl)
