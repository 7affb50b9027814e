# SPDX-License-Identifier: Apache-2.0
"""What Bazel's C toolchain would run, as the variables that configure scripts and makefiles understand."""

load("@rules_cc//cc:action_names.bzl", "ACTION_NAMES")
load("@rules_cc//cc:find_cc_toolchain.bzl", "find_cc_toolchain")
load("@rules_cc//cc/common:cc_common.bzl", "cc_common")
load("@rules_cc//cc/common:cc_info.bzl", "CcInfo")

# They make Bazel pass files between its own actions, which a foreign build does not have.
_FEATURES_OF_BAZEL_ONLY = [
    "fdo_instrument",
    "fdo_optimize",
    "layering_check",
    "module_maps",
    "thin_lto",
]

def configure_features(ctx):
    """Returns the toolchain and its features for a foreign build.

    Args:
        ctx: rule context
    Returns:
        tuple of CcToolchainInfo and FeatureConfiguration
    """
    toolchain = find_cc_toolchain(ctx)
    unsupported = ctx.disabled_features + _FEATURES_OF_BAZEL_ONLY
    if not ctx.coverage_instrumented():
        unsupported = unsupported + ["coverage"]
    return toolchain, cc_common.configure_features(
        ctx = ctx,
        cc_toolchain = toolchain,
        requested_features = ctx.features,
        unsupported_features = unsupported,
    )

def _absolute(ctx, text):
    """Anchors the first path of the exec root in a flag, because a foreign build changes directory."""
    for root in ["external/", "bazel-out/", ctx.workspace_name + "/"]:
        before, found, after = text.partition(root)
        if found and not before.endswith("/"):
            return before + "$EXT_BUILD_ROOT/" + found + after
    return text

def _tool(ctx, path):
    anchored = _absolute(ctx, path)
    if anchored != path or path.startswith("/"):
        return anchored
    return "$EXT_BUILD_ROOT/" + path

def _without_repeats(flags, more):
    return flags + [flag for flag in more if flag not in flags]

def compiler_variables(ctx, user_env):
    """Returns CC, CFLAGS, AR, ARFLAGS and the like.

    Args:
        ctx: rule context with copts, linkopts, deps and set_file_prefix_map
        user_env: dict of string to string, the expanded `env`; its flags come last, its tools win
    Returns:
        dict of variable name to list of strings (shell text)
    """
    toolchain, features = configure_features(ctx)
    cpp = ctx.fragments.cpp
    defines = depset(transitive = [dep[CcInfo].compilation_context.defines for dep in ctx.attr.deps])

    def command_line(action, variables):
        return cc_common.get_memory_inefficient_command_line(
            feature_configuration = features,
            action_name = action,
            variables = variables,
        )

    def compile_flags(action, legacy_cxx):
        return command_line(action, cc_common.create_compile_variables(
            feature_configuration = features,
            cc_toolchain = toolchain,
            preprocessor_defines = defines,
            add_legacy_cxx_options = legacy_cxx,
        ))

    def link_flags(action, is_using_linker):
        return command_line(action, cc_common.create_link_variables(
            feature_configuration = features,
            cc_toolchain = toolchain,
            is_using_linker = is_using_linker,
            is_linking_dynamic_library = False,
            must_keep_debug = False,
        ))

    prefix_map = ["-ffile-prefix-map=$EXT_BUILD_ROOT=."] if ctx.attr.set_file_prefix_map else []
    c_options = cpp.copts + cpp.conlyopts + ctx.attr.copts + prefix_map
    cxx_options = cpp.copts + cpp.cxxopts + ctx.attr.copts + prefix_map
    archive_flags = link_flags(ACTION_NAMES.cpp_link_static_library, False)
    flags = {
        "ARFLAGS": archive_flags,
        "AR_FLAGS": archive_flags,
        "ASFLAGS": _without_repeats(compile_flags(ACTION_NAMES.assemble, False), c_options),
        "CFLAGS": _without_repeats(compile_flags(ACTION_NAMES.c_compile, False), c_options),
        "CPPFLAGS": [],
        "CXXFLAGS": _without_repeats(compile_flags(ACTION_NAMES.cpp_compile, True), cxx_options),
        "LDFLAGS": _without_repeats(
            link_flags(ACTION_NAMES.cpp_link_executable, True),
            cpp.linkopts + ctx.attr.linkopts,
        ),
    }
    variables = {}
    for name, values in flags.items():
        all_flags = values + [flag for flag in user_env.get(name, "").split(" ") if flag]

        # A variable that is set but empty would switch off configure's own default.
        if all_flags:
            variables[name] = [_absolute(ctx, flag) for flag in all_flags]

    def tool_for(action):
        return cc_common.get_tool_for_action(feature_configuration = features, action_name = action)

    tools = {
        "AR": tool_for(ACTION_NAMES.cpp_link_static_library),
        "CC": tool_for(ACTION_NAMES.c_compile),
        "CXX": tool_for(ACTION_NAMES.cpp_compile),
        "LD": toolchain.ld_executable,
    }
    for name, path in tools.items():
        if path:
            variables[name] = [user_env[name] if name in user_env else _tool(ctx, path)]

    # ARFLAGS already writes the index; a ranlib of the host would write time stamps into it.
    variables["RANLIB"] = [":"]
    return variables

def compiler_environment(ctx):
    """Returns the environment that the toolchain wants for its tools.

    Args:
        ctx: rule context
    Returns:
        dict of string to string
    """
    toolchain, features = configure_features(ctx)
    variables = cc_common.create_compile_variables(
        feature_configuration = features,
        cc_toolchain = toolchain,
        user_compile_flags = ctx.attr.copts,
    )
    environment = {}
    for action in [ACTION_NAMES.c_compile, ACTION_NAMES.cpp_link_static_library, ACTION_NAMES.cpp_link_executable]:
        environment.update(cc_common.get_environment_variables(
            feature_configuration = features,
            action_name = action,
            variables = variables,
        ))
    return environment
