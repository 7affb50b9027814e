# SPDX-License-Identifier: Apache-2.0
"""The go command of the SDK that this build uses, as a file."""

_TOOLCHAIN = "@rules_go//go:toolchain"

def _go_command_impl(ctx):
    sdk = ctx.toolchains[_TOOLCHAIN].sdk

    # It finds the rest of the SDK beside the file that it really is.
    return DefaultInfo(files = depset([sdk.go]), runfiles = ctx.runfiles([sdk.go]))

go_command = rule(
    implementation = _go_command_impl,
    toolchains = [_TOOLCHAIN],
)
