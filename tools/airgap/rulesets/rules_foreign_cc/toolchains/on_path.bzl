# SPDX-License-Identifier: Apache-2.0
"""An empty toolchain: the tool is looked up on PATH by the build script."""

on_path = rule(
    implementation = lambda ctx: [platform_common.ToolchainInfo()],
    doc = "Satisfies toolchain resolution without saying where the tool is.",
)
