# SPDX-License-Identifier: Apache-2.0
"""The attributes that configure_make and make share, with the real rules' names, types and defaults."""

load("@rules_cc//cc/common:cc_info.bzl", "CcInfo")

COMMON_ATTRIBUTES = {
    "alwayslink": attr.bool(doc = "Link every object of the static libraries, used or not."),
    "args": attr.string_list(doc = "Arguments of every call of make; $(location) is expanded."),
    "build_data": attr.label_list(
        doc = "Files that only the build reads.",
        allow_files = True,
        cfg = "exec",
    ),
    "copts": attr.string_list(doc = "Added to CFLAGS and CXXFLAGS of this target alone."),
    "data": attr.label_list(
        doc = "Files that the build reads and whoever runs the result may read.",
        allow_files = True,
    ),
    "defines": attr.string_list(doc = "Preprocessor definitions for dependents, not for this build."),
    "deps": attr.label_list(
        doc = "Libraries to compile and link with, C++ rules' or foreign ones.",
        providers = [CcInfo],
    ),
    "env": attr.string_dict(doc = "Environment of the build; $(execpath) becomes an absolute path."),
    "includes": attr.string_list(doc = "Folders below the include folder that dependents search as well."),
    "lib_name": attr.string(doc = "Name of the installation's folder; the target's name if empty."),
    "lib_source": attr.label(
        doc = "All sources; the topmost folder that holds a file is the root of the build.",
        mandatory = True,
        allow_files = True,
    ),
    "linkopts": attr.string_list(doc = "Link options of this build and of dependents."),
    "out_bin_dir": attr.string(default = "bin"),
    "out_binaries": attr.string_list(doc = "Programs expected in out_bin_dir."),
    "out_data_dirs": attr.string_list(doc = "Further folders expected below the installation."),
    "out_data_files": attr.string_list(doc = "Further files expected below the installation."),
    "out_headers_only": attr.bool(doc = "No library is expected."),
    "out_include_dir": attr.string(default = "include"),
    "out_lib_dir": attr.string(default = "lib"),
    "out_static_libs": attr.string_list(doc = "Archives expected in out_lib_dir; NAME.a if no output is declared."),
    "postfix_script": attr.string(doc = "Shell commands after the installation."),
    "set_file_prefix_map": attr.bool(doc = "Keep the build's absolute path out of debug information."),
    "targets": attr.string_list(
        doc = "One call of make for each; an empty string means make's default goal.",
        default = ["", "install"],
    ),
    "_template": attr.label(
        default = Label("//foreign_cc/private:foreign_build.sh.tpl"),
        allow_single_file = True,
    ),
}
