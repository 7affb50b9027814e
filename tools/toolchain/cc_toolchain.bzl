# SPDX-License-Identifier: Apache-2.0
"""A C toolchain over zig cc: the compiler decides the glibc that the wheel promises, so nothing of the host is used.

Written against the provider API that rules_cc 0.0.11 and 0.2 share, every flag with its reason.
"""

load("@rules_cc//cc:action_names.bzl", "ACTION_NAMES")
load("@rules_cc//cc:cc_toolchain_config_lib.bzl", "feature", "flag_group", "flag_set", "tool_path", "with_feature_set")
load("@rules_cc//cc:defs.bzl", "cc_toolchain")
load("@rules_cc//cc/common:cc_common.bzl", "cc_common")
load("@rules_cc//cc/toolchains:cc_toolchain_config_info.bzl", "CcToolchainConfigInfo")

_COMPILE = [
    ACTION_NAMES.assemble,
    ACTION_NAMES.preprocess_assemble,
    ACTION_NAMES.c_compile,
]

_LINK = [
    ACTION_NAMES.cpp_link_executable,
    ACTION_NAMES.cpp_link_dynamic_library,
    ACTION_NAMES.cpp_link_nodeps_dynamic_library,
]

def _flags(actions, flags, mode = None):
    return flag_set(
        actions = actions,
        flag_groups = [flag_group(flags = flags)],
        with_features = [with_feature_set(features = [mode])] if mode else [],
    )

_FEATURES = [
    feature(
        name = "default_flags",
        enabled = True,
        flag_sets = [
            _flags(_COMPILE, [
                # No time of day in the bytes.
                "-Wno-builtin-macro-redefined",
                "-D__DATE__=\"redacted\"",
                "-D__TIME__=\"redacted\"",
                "-D__TIMESTAMP__=\"redacted\"",
            ]),
            _flags(_COMPILE, ["-O2", "-g0"], "opt"),
            _flags(_COMPILE, ["-O0", "-g"], "dbg"),
            _flags(_COMPILE, ["-O0", "-g0"], "fastbuild"),
            _flags(_LINK, [
                # A hash of the inputs' paths and bytes that nobody looks up.
                "-Wl,--build-id=none",
                # The linker may not write to the stack's permissions or bind symbols lazily behind a read-only table.
                "-Wl,-z,relro,-z,now",
            ]),
        ],
    ),
    feature(name = "opt"),
    feature(name = "dbg"),
    feature(name = "fastbuild"),
    # The archives end in a shared library.
    feature(name = "supports_pic", enabled = True),
    feature(name = "supports_start_end_lib", enabled = False),
]

def _cc_config_impl(ctx):
    compiler = ctx.attr.compiler_path
    tools = {
        "ar": ctx.attr.ar_path,
        "cpp": compiler,
        "gcc": compiler,
        # rules_foreign_cc passes it on as LD; zig cc and gcc are linker drivers as well.
        "ld": compiler,
        # Nothing calls these; Bazel wants a path for each.
        "gcov": "/bin/false",
        "nm": "/bin/false",
        "objdump": "/bin/false",
        "strip": "/bin/false",
    }
    return cc_common.create_cc_toolchain_config_info(
        ctx = ctx,
        abi_libc_version = "glibc_" + ctx.attr.glibc,
        abi_version = "gnu",
        compiler = ctx.attr.compiler,
        # Relative to the package of the toolchain.
        cxx_builtin_include_directories = ctx.attr.include_directories,
        features = _FEATURES + [feature(
            name = "flags_of_toolchain",
            enabled = True,
            flag_sets = [_flags(_COMPILE, ctx.attr.compile_flags)],
        )] if ctx.attr.compile_flags else _FEATURES,
        host_system_name = "local",
        target_cpu = ctx.attr.cpu,
        target_libc = "glibc_" + ctx.attr.glibc,
        target_system_name = ctx.attr.cpu + "-linux-gnu",
        tool_paths = [tool_path(name = name, path = path) for name, path in tools.items()],
        toolchain_identifier = "{}-linux-{}".format(ctx.attr.compiler, ctx.attr.cpu),
    )

_cc_config = rule(
    implementation = _cc_config_impl,
    attrs = {
        "ar_path": attr.string(mandatory = True),
        "compile_flags": attr.string_list(),
        "compiler": attr.string(mandatory = True),
        "compiler_path": attr.string(mandatory = True),
        "cpu": attr.string(mandatory = True),
        "glibc": attr.string(mandatory = True),
        "include_directories": attr.string_list(mandatory = True),
    },
    provides = [CcToolchainConfigInfo],
)

def zig_cc_toolchain(name, exec_cpu, cpu, glibc, files):
    """Declares a toolchain from the Linux machines that this zig runs on to Linux with glibc.

    Args:
        name: of the toolchain, for register_toolchains.
        exec_cpu: x86_64 or aarch64, of the machine that compiles.
        cpu: the same of the machine that the code is for.
        glibc: the oldest glibc that the code may need, "2.28".
        files: everything that zig reads.
    """
    _cc_config(
        name = name + "_config",
        ar_path = "bin/ar",
        compiler = "zig",
        compiler_path = "bin/cc-" + cpu,
        cpu = cpu,
        glibc = glibc,
        include_directories = ["lib"],
    )
    _cc_toolchain(name, exec_cpu, cpu, files)

def gcc_cc_toolchain(name, cpu, files, include_directories, compile_flags):
    """Declares a toolchain of this machine for itself, whose programs are in a folder of its own name.

    Args:
        name: of the toolchain, and of the folder.
        cpu: x86_64 or aarch64, of this machine.
        files: the programs.
        include_directories: where gcc looks for headers by itself.
        compile_flags: what every compilation gets.
    """
    _cc_config(
        name = name + "_config",
        ar_path = name + "/ar",
        compile_flags = compile_flags,
        compiler = "gcc",
        compiler_path = name + "/cc",
        cpu = cpu,
        glibc = "host",
        include_directories = include_directories,
    )
    _cc_toolchain(name, cpu, cpu, files)

def _cc_toolchain(name, exec_cpu, cpu, files):
    cc_toolchain(
        name = name + "_cc",
        all_files = files,
        ar_files = files,
        as_files = files,
        compiler_files = files,
        dwp_files = files,
        linker_files = files,
        objcopy_files = files,
        strip_files = files,
        supports_param_files = True,
        toolchain_config = name + "_config",
    )
    native.toolchain(
        name = name,
        exec_compatible_with = _linux(exec_cpu),
        target_compatible_with = _linux(cpu),
        toolchain = name + "_cc",
        toolchain_type = "@bazel_tools//tools/cpp:toolchain_type",
    )

def _linux(cpu):
    return [
        "@platforms//os:linux",
        "@platforms//cpu:" + cpu,
    ]
