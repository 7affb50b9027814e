# SPDX-License-Identifier: Apache-2.0
"""Where a foreign build finds the headers and libraries of its deps."""

load("@rules_cc//cc/common:cc_common.bzl", "cc_common")
load("@rules_cc//cc/common:cc_info.bzl", "CcInfo")
load("//foreign_cc:providers.bzl", "ForeignCcDepsInfo")

def _unique(items):
    return {item: None for item in items}.keys()

def _archives(linking_context):
    """All library files of a link, whatever their kind."""
    files = []
    for linker_input in linking_context.linker_inputs.to_list():
        for library in linker_input.libraries:
            files += [file for file in [
                library.static_library,
                library.pic_static_library,
                library.dynamic_library,
                library.resolved_symlink_dynamic_library,
                library.interface_library,
                library.resolved_symlink_interface_library,
            ] if file]
    return _unique(files)

def _is_below_any(path, folders):
    return any([path.startswith(folder) for folder in folders])

def collect_dependencies(deps):
    """Sorts deps into foreign installations and plain C libraries, and says what flags find them.

    Args:
        deps: list of targets with CcInfo
    Returns:
        struct of
        artifacts: list of ForeignCcArtifactInfo in link order,
        libraries: list of File, of plain C libraries,
        header_folders: list of strings, include folders of plain C libraries below the exec root,
        headers: list of File, headers of plain C libraries below no include folder,
        cppflags, ldflags: lists of strings (shell text),
        cc_info: CcInfo of all deps merged,
        inputs: list of File, all that the build may read of them
    """
    artifacts = []
    libraries = []
    header_folders = []
    headers = []
    for dep in deps:
        if ForeignCcDepsInfo in dep:
            artifacts += dep[ForeignCcDepsInfo].artifacts.to_list()
            continue
        context = dep[CcInfo].compilation_context
        folders = _unique(
            context.system_includes.to_list() + context.includes.to_list() + context.external_includes.to_list(),
        )
        if "." in folders:
            fail("{}: an include folder at the workspace's root would copy the whole workspace into the build".format(dep.label))
        header_folders += folders
        headers += [header for header in context.headers.to_list() if not _is_below_any(header.path, folders)]
        libraries += _archives(dep[CcInfo].linking_context)

    artifacts = _unique(artifacts)
    libraries = _unique(libraries)
    header_folders = _unique(header_folders)
    merged = cc_common.merge_cc_infos(cc_infos = [dep[CcInfo] for dep in deps])
    return struct(
        artifacts = artifacts,
        libraries = libraries,
        header_folders = header_folders,
        headers = headers,
        cppflags = [
            "-I$EXT_BUILD_ROOT/" + folder
            for folder in _unique(header_folders + [header.dirname for header in headers])
        ] + [
            "-I$EXT_BUILD_DEPS/{}/{}".format(artifact.gen_dir.basename, artifact.include_dir_name)
            for artifact in artifacts
        ],
        ldflags = [
            "-L$EXT_BUILD_ROOT/" + folder
            for folder in _unique([library.dirname for library in libraries])
        ] + [
            "-L$EXT_BUILD_DEPS/{}/{}".format(artifact.gen_dir.basename, artifact.lib_dir_name)
            for artifact in artifacts
        ],
        cc_info = merged,
        inputs = merged.compilation_context.headers.to_list() +
                 _archives(merged.linking_context) +
                 [artifact.gen_dir for artifact in artifacts],
    )
