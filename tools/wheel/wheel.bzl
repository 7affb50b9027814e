# SPDX-License-Identifier: Apache-2.0
"""The wheel: `bazel build` makes it, `bazel run` puts it into dist/."""

load("@bazel_skylib//rules:common_settings.bzl", "BuildSettingInfo")
load("@rules_cc//cc:find_cc_toolchain.bzl", "find_cc_toolchain", "use_cc_toolchain")
load("@rules_python//python:packaging.bzl", "py_package", "py_wheel")
load("//:version.bzl", "VERSION")
load("//third_party:patch_groups.bzl", "applied_patches")
load("//third_party:pins.bzl", "PINS")
load(":licence_texts.bzl", "COMPILER_RUNTIME")

_DISTRIBUTION = "dqlitepy"
_OWN_LICENCE = "Apache-2.0"
_GO = Label("@rules_go//go:toolchain")

# Only what `dist` builds may carry the file name that gets published: the others say in their version what they are.
_MODE_VERSIONS = {
    "dist": VERSION,
    "dist_fixes": VERSION + "+fixes",
    "local": VERSION + "+local",
    "local_fixes": VERSION + "+local.fixes",
    "debug": VERSION + "+debug",
    "debug_fixes": VERSION + "+debug.fixes",
}

def _platform_tag(ctx, cc_toolchain):
    """manylinux is a promise about glibc, so only a compiler that was told which glibc to build for may make it.

    The finishing tool holds the library against the promise.
    """
    libc = cc_toolchain.libc.removeprefix("glibc_")
    if ctx.attr._mode[BuildSettingInfo].value == "dist" and cc_toolchain.compiler == "zig" and libc != cc_toolchain.libc:
        return "manylinux_{}_{}".format(libc.replace(".", "_"), ctx.attr.machine)
    return "linux_" + ctx.attr.machine

def _licence_texts(ctx, components):
    """Path below dist-info/licenses to file, of the components and the patches that are in it."""
    texts = {}
    for file in ctx.files.licence_texts:
        path = file.owner.name
        component, _, rest = path.partition("/")
        if component not in components:
            continue
        if rest.startswith("patches/") and rest.removeprefix("patches/") not in components[component]["patches"]:
            continue
        texts[path] = file
    return texts

def _linked(ctx, compiler):
    """The pins of what is linked, each with the patches that were applied."""
    patch_set = ctx.attr._patches[BuildSettingInfo].value
    components = {
        name: dict(pin, patches = applied_patches(pin, patch_set)) if "patches" in pin else pin
        for name, pin in PINS.items()
    }
    if compiler == "zig":
        components.update(COMPILER_RUNTIME)
    return components

def _write_inventory(ctx, components, texts):
    """The SBOM and the NOTICE of what is linked."""
    table = ctx.actions.declare_file(ctx.label.name + "/linked.json")
    sbom = ctx.actions.declare_file(ctx.label.name + "/sbom.json")
    notice = ctx.actions.declare_file(ctx.label.name + "/NOTICE")
    ctx.actions.write(table, json.encode_indent({
        "name": _DISTRIBUTION,
        "version": ctx.attr.version,
        "licence": _OWN_LICENCE,
        "components": {
            name: dict(pin, licence_files = [
                path
                for path in sorted(texts.keys())
                if path.startswith(name + "/") and not path.startswith(name + "/patches/")
            ])
            for name, pin in components.items()
        },
    }))
    arguments = ctx.actions.args()
    arguments.add("--table", table)
    arguments.add("--go-sum", ctx.file.go_sum)
    arguments.add("--modules", ctx.file._modules)
    arguments.add("--go-version", ctx.toolchains[_GO].sdk.version)
    arguments.add("--lock", ctx.file._lock)
    arguments.add("--requirements", ctx.file._requirements)
    arguments.add("--sbom", sbom)
    arguments.add("--notice", notice)
    ctx.actions.run(
        mnemonic = "WheelInventory",
        executable = ctx.executable._inventory,
        inputs = [table, ctx.file.go_sum, ctx.file._lock, ctx.file._modules, ctx.file._requirements],
        outputs = [sbom, notice],
        arguments = [arguments],
        toolchain = None,
        # The launcher of a Python tool may look for its interpreter on PATH.
        use_default_shell_env = True,
    )
    return sbom, notice

def _finished_wheel_impl(ctx):
    cc_toolchain = find_cc_toolchain(ctx)
    tag = "py3-none-" + _platform_tag(ctx, cc_toolchain)
    components = _linked(ctx, cc_toolchain.compiler)
    texts = _licence_texts(ctx, components)
    sbom, notice = _write_inventory(ctx, components, texts)

    dist_info = {"licenses/" + path: file for path, file in texts.items()}
    dist_info["licenses/LICENSE"] = ctx.file.licence
    dist_info["licenses/NOTICE"] = notice
    dist_info["sboms/{}.cdx.json".format(_DISTRIBUTION)] = sbom

    # In a folder of its own: the raw wheel may have the same name.
    wheel = ctx.actions.declare_file("{}/{}-{}-{}.whl".format(ctx.label.name, _DISTRIBUTION, ctx.attr.version, tag))
    arguments = ctx.actions.args()
    arguments.add("--raw", ctx.file.raw)
    arguments.add("--out", wheel)
    arguments.add("--tag", tag)
    arguments.add("--headers", ctx.file._headers)
    arguments.add("--description", ctx.file.description)
    for path in sorted(dist_info.keys()):
        arguments.add("--dist-info", dist_info[path], format = path + "=%s")
    ctx.actions.run(
        mnemonic = "FinishWheel",
        executable = ctx.executable._finish,
        inputs = [ctx.file.raw, ctx.file._headers, ctx.file.description] + dist_info.values(),
        outputs = [wheel],
        arguments = [arguments],
        progress_message = "Finishing %{output}",
        toolchain = None,
    )
    return [DefaultInfo(files = depset([wheel]), runfiles = ctx.runfiles([wheel]))]

_finished_wheel = rule(
    implementation = _finished_wheel_impl,
    doc = "The wheel whose bytes depend on its contents alone, with metadata, licences and SBOM.",
    attrs = {
        "description": attr.label(allow_single_file = [".md"], mandatory = True),
        "go_sum": attr.label(allow_single_file = True, mandatory = True),
        "licence": attr.label(allow_single_file = True, mandatory = True),
        "licence_texts": attr.label(allow_files = True, mandatory = True),
        "machine": attr.string(mandatory = True),
        "raw": attr.label(allow_single_file = [".whl"], mandatory = True),
        "version": attr.string(mandatory = True),
        "_finish": attr.label(cfg = "exec", default = Label("//tools/wheel/finish"), executable = True),
        "_headers": attr.label(allow_single_file = True, default = Label("//tools/wheel:core_metadata.txt")),
        "_inventory": attr.label(cfg = "exec", default = Label("//tools/wheel:inventory"), executable = True),
        "_lock": attr.label(allow_single_file = True, default = Label("//tools/airgap:lock.txt")),
        "_mode": attr.label(default = Label("//tools/config:mode"), providers = [BuildSettingInfo]),
        "_modules": attr.label(allow_single_file = True, default = Label("@resolved_modules//:versions.json")),
        "_patches": attr.label(default = Label("//third_party/dqlite:patches"), providers = [BuildSettingInfo]),
        "_requirements": attr.label(allow_single_file = True, default = Label("//tools/pytest:requirements.txt")),
    },
    toolchains = use_cc_toolchain() + [_GO],
    fragments = ["cpp"],
)

def _wheel_runner_impl(ctx):
    wheel = ctx.file.wheel
    launcher = ctx.actions.declare_file(ctx.label.name + ".sh")
    path = wheel.short_path
    ctx.actions.expand_template(
        template = ctx.file._template,
        output = launcher,
        substitutions = {"@WHEEL@": path[3:] if path.startswith("../") else ctx.workspace_name + "/" + path},
        is_executable = True,
    )
    return [DefaultInfo(files = depset([wheel]), executable = launcher, runfiles = ctx.runfiles([wheel]))]

_wheel_runner = rule(
    implementation = _wheel_runner_impl,
    doc = "A wheel that `bazel run` copies into the workspace.",
    attrs = {
        "wheel": attr.label(allow_single_file = [".whl"], mandatory = True),
        "_template": attr.label(allow_single_file = True, default = Label("//tools/wheel:copy_wheel.sh.tpl")),
    },
    executable = True,
)

def dqlitepy_wheel(name, package, packages, description, licence, go_sum, entry_points, extra_requires, visibility = None):
    """Declares `name`, to build and to run, and `name`_file, the same wheel without its launcher, for rules that read it.

    Args:
        name: of the target.
        package: the py_library with everything that is to be installed.
        packages: the Python packages to take from it, as py_package wants them.
        description: Markdown that becomes the project's page.
        licence: our own licence.
        go_sum: go.sum of the native library.
        entry_points: as for py_wheel.
        extra_requires: as for py_wheel.
        visibility: of both targets.
    """
    machine = select(
        {
            "@platforms//cpu:aarch64": "aarch64",
            "@platforms//cpu:x86_64": "x86_64",
        },
        no_match_error = "dqlitepy's wheels are for x86_64 and aarch64: give --platforms one of these",
    )
    version = select({
        Label("//tools/config:" + mode): version
        for mode, version in _MODE_VERSIONS.items()
    })
    py_package(
        name = name + "_package",
        packages = packages,
        visibility = ["//visibility:private"],
        deps = [package],
    )
    py_wheel(
        name = name + "_raw",
        distribution = _DISTRIBUTION,
        entry_points = entry_points,
        extra_requires = extra_requires,
        # The finished wheel says which platform; this one has to be for a single one, whichever.
        platform = "linux_x86_64",
        python_requires = ">=3.11",
        python_tag = "py3",
        stamp = 0,
        strip_path_prefixes = ["python/"],
        tags = ["manual"],
        version = version,
        visibility = ["//visibility:private"],
        deps = [name + "_package"],
    )
    _finished_wheel(
        name = name + "_file",
        description = description,
        go_sum = go_sum,
        licence = licence,
        licence_texts = Label("@licence_texts"),
        machine = machine,
        raw = name + "_raw",
        version = version,
        visibility = visibility,
    )
    _wheel_runner(
        name = name,
        visibility = visibility,
        wheel = name + "_file",
    )
