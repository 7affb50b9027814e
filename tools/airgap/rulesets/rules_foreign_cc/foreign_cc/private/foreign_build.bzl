# SPDX-License-Identifier: Apache-2.0
"""One foreign build as a Bazel action: its outputs, its script, and what it offers to dependents."""

load("@rules_cc//cc/common:cc_common.bzl", "cc_common")
load("@rules_cc//cc/common:cc_info.bzl", "CcInfo")
load("//foreign_cc:providers.bzl", "ForeignCcArtifactInfo", "ForeignCcDepsInfo")
load(":compiler.bzl", "compiler_environment", "compiler_variables", "configure_features")
load(":dependencies.bzl", "collect_dependencies")
load(":expansion.bzl", "expand_all")

def source_root(lib_source):
    """Returns the topmost folder that holds a source file.

    Args:
        lib_source: target
    Returns:
        string, below the exec root
    """
    folders = sorted([file.dirname for file in lib_source.files.to_list()], key = len)
    if not folders:
        fail("{} holds no source file".format(lib_source.label))
    return folders[0]

def _declare_outputs(ctx, name):
    def declare(folder, files):
        return [ctx.actions.declare_file("/".join([part for part in [name, folder, file] if part])) for file in files]

    archives = ctx.attr.out_static_libs
    if not (archives or ctx.attr.out_headers_only or ctx.attr.out_binaries or ctx.attr.out_data_files):
        archives = [name + ".a"]
    elif ctx.attr.out_headers_only:
        archives = []
    include = ctx.attr.out_include_dir
    return struct(
        archives = declare(ctx.attr.out_lib_dir, archives),
        binaries = declare(ctx.attr.out_bin_dir, ctx.attr.out_binaries),
        data_files = declare("", ctx.attr.out_data_files),
        data_folders = [ctx.actions.declare_directory(name + "/" + folder) for folder in ctx.attr.out_data_dirs],
        include = [ctx.actions.declare_directory(name + "/" + include)] if include else [],
        # Bazel forbids an output inside another one, so the whole installation is offered as a copy.
        installation = ctx.actions.declare_directory("copy_{}/{}".format(name, name)),
        log = ctx.actions.declare_file("{}_foreign_cc/{}.log".format(name, ctx.label.name)),
    )

def _cc_info(ctx, outputs, dependencies):
    toolchain, features = configure_features(ctx)

    def library(archive):
        is_pic = archive.basename.endswith(".pic.a")
        return cc_common.create_library_to_link(
            actions = ctx.actions,
            alwayslink = ctx.attr.alwayslink,
            cc_toolchain = toolchain,
            feature_configuration = features,
            pic_static_library = archive if is_pic else None,
            static_library = None if is_pic else archive,
        )

    own = CcInfo(
        compilation_context = cc_common.create_compilation_context(
            defines = depset(ctx.attr.defines),
            headers = depset(outputs.include),
            system_includes = depset([
                "/".join([folder.path] + below)
                for folder in outputs.include
                for below in [[]] + [[include] for include in ctx.attr.includes]
            ]),
        ),
        linking_context = cc_common.create_linking_context(linker_inputs = depset([cc_common.create_linker_input(
            owner = ctx.label,
            libraries = depset([library(archive) for archive in outputs.archives]),
            user_link_flags = depset(ctx.attr.linkopts),
        )])),
    )

    # A library stands before what it needs on a link line.
    return cc_common.merge_cc_infos(cc_infos = [own, dependencies.cc_info])

def _dependency_script(dependencies):
    lines = ["link_file '{}' \"$EXT_BUILD_DEPS/lib\"".format(file.path) for file in dependencies.libraries]
    lines += ["link_file '{}' \"$EXT_BUILD_DEPS/include\"".format(file.path) for file in dependencies.headers]
    lines += ["link_contents '{}' \"$EXT_BUILD_DEPS/include\"".format(folder) for folder in dependencies.header_folders]
    lines += ["use_foreign_installation '{}'".format(artifact.gen_dir.path) for artifact in dependencies.artifacts]
    return "\n".join(lines)

def run_foreign_build(ctx, mnemonic, write_commands):
    """Declares the action and returns the providers of a foreign library.

    Args:
        ctx: rule context with COMMON_ATTRIBUTES
        mnemonic: string
        write_commands: function of (variable assignments: string of shell text) that returns the shell lines
            which build in $BUILD_TMPDIR and install into $INSTALLDIR
    Returns:
        list of providers
    """
    name = ctx.attr.lib_name or ctx.label.name
    outputs = _declare_outputs(ctx, name)
    dependencies = collect_dependencies(ctx.attr.deps)
    user_env = {key: expand_all(ctx, "env", value) for key, value in ctx.attr.env.items()}
    variables = compiler_variables(ctx, user_env)
    variables["CPPFLAGS"] = variables.get("CPPFLAGS", []) + dependencies.cppflags
    variables["LDFLAGS"] = variables.get("LDFLAGS", []) + dependencies.ldflags
    assignments = " ".join(["{}=\"{}\"".format(key, " ".join(values)) for key, values in variables.items()])

    environment = compiler_environment(ctx)
    for key, value in user_env.items():
        before = environment.get(key) if "PATH" in key else None
        environment[key] = value + ":" + before if before else value
    commands = write_commands(assignments)
    if ctx.attr.postfix_script:
        commands.append(expand_all(ctx, "postfix_script", ctx.attr.postfix_script))

    declared = outputs.include + outputs.data_folders + outputs.binaries + outputs.data_files + outputs.archives
    script = ctx.actions.declare_file("{}_foreign_cc/build_script.sh".format(name))
    ctx.actions.expand_template(
        template = ctx.file._template,
        output = script,
        is_executable = True,
        substitutions = {
            "%{commands}": "\n".join(commands),
            "%{dependencies}": _dependency_script(dependencies),
            "%{environment}": "\n".join([
                "export {}=\"{}\"".format(key, value.replace("\"", "\\\""))
                for key, value in environment.items()
            ]),
            "%{install_copy}": outputs.installation.path,
            "%{install_dir}": outputs.installation.dirname.rpartition("/")[0] + "/" + name,
            "%{label}": str(ctx.label),
            "%{log}": outputs.log.path,
            "%{outputs}": " ".join(["'{}'".format(file.path) for file in declared]),
        },
    )
    requirements = {tag: "" for tag in ctx.attr.tags}
    if "requires-network" not in requirements:
        requirements["block-network"] = ""
    toolchain, _ = configure_features(ctx)
    ctx.actions.run(
        executable = script,
        inputs = depset(
            ctx.files.lib_source + ctx.files.data + dependencies.inputs,
            transitive = [toolchain.all_files],
        ),
        outputs = declared + [outputs.installation, outputs.log],
        tools = ctx.files.build_data + [
            target[DefaultInfo].files_to_run
            for target in ctx.attr.data + ctx.attr.build_data + ctx.attr.toolchains
        ],
        execution_requirements = requirements,
        mnemonic = mnemonic,
        progress_message = "Building foreign library %{label}",
        toolchain = None,
        use_default_shell_env = True,
    )

    runfiles = ctx.runfiles(files = ctx.files.data).merge_all([
        target[DefaultInfo].default_runfiles
        for target in [ctx.attr.lib_source] + ctx.attr.deps + ctx.attr.data
    ])

    # Without a folder of headers rules_foreign_cc 0.15.1 has no other groups either. What works here has to work there.
    files = outputs.binaries + outputs.archives + outputs.include if outputs.include else []
    groups = {file.basename: depset([file]) for file in files}
    groups["gen_dir"] = depset([outputs.installation])
    return [
        DefaultInfo(files = depset(declared), runfiles = runfiles),
        OutputGroupInfo(**groups),
        ForeignCcDepsInfo(artifacts = depset(
            [ForeignCcArtifactInfo(
                bin_dir_name = ctx.attr.out_bin_dir,
                dll_dir_name = "bin",
                gen_dir = outputs.installation,
                include_dir_name = ctx.attr.out_include_dir,
                lib_dir_name = ctx.attr.out_lib_dir,
            )],
            transitive = [dep[ForeignCcDepsInfo].artifacts for dep in ctx.attr.deps if ForeignCcDepsInfo in dep],
        )),
        _cc_info(ctx, outputs, dependencies),
    ]
