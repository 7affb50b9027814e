# SPDX-License-Identifier: Apache-2.0
"""py_wheel: files and metadata packed as a wheel."""

load(":py_package.bzl", "path_in_wheel")
load(":refusal.bzl", "REFUSED_BY_PY_WHEEL", "refuse")

PyWheelInfo = provider(
    doc = "A wheel and its name.",
    fields = {
        "name_file": "File: holds the wheel's canonical file name",
        "wheel": "File: the wheel",
    },
)

_CONTENT_TYPES = {
    "md": "text/markdown",
    "rst": "text/x-rst",
}

def _metadata_lines(ctx):
    """The header lines of METADATA, without Version, in the real rule's order."""
    content_type = ctx.attr.description_content_type
    if not content_type and ctx.file.description_file:
        content_type = _CONTENT_TYPES.get(ctx.file.description_file.extension, "text/plain")
    lines = [
        "Metadata-Version: 2.1",
        "Name: " + ctx.attr.distribution,
    ]
    lines += ["{}: {}".format(header, value) for header, value in [
        ("Author", ctx.attr.author),
        ("Author-email", ctx.attr.author_email),
        ("Home-page", ctx.attr.homepage),
        ("License", ctx.attr.license),
        ("Description-Content-Type", content_type),
        ("Summary", ctx.attr.summary),
    ] if value]
    lines += ["Project-URL: {}, {}".format(name, url) for name, url in sorted(ctx.attr.project_urls.items())]
    lines += ["Classifier: " + classifier for classifier in ctx.attr.classifiers]
    if ctx.attr.python_requires:
        lines.append("Requires-Python: " + ctx.attr.python_requires)
    lines += ["Requires-Dist: " + requirement for requirement in ctx.attr.requires]
    for extra, requirements in sorted(ctx.attr.extra_requires.items()):
        lines.append("Provides-Extra: " + extra)
        lines += ["Requires-Dist: {}; extra == '{}'".format(requirement, extra) for requirement in requirements]
    return lines

def _entry_point_lines(ctx):
    lines = []
    for group, entries in sorted(ctx.attr.entry_points.items()):
        lines += ([""] if lines else []) + ["[{}]".format(group)] + sorted(entries)
    return lines

def _as_pair(file):
    return path_in_wheel(file) + ";" + file.path

def _py_wheel_impl(ctx):
    for attribute in ["distribution", "version", "python_tag", "abi", "platform"]:
        value = getattr(ctx.attr, attribute)
        if "{" in value or "$" in value:
            fail("{}: {} = \"{}\": stamping and make variables are not implemented by the air-gapped stand-in".format(
                ctx.label,
                attribute,
                value,
            ))
    if ctx.attr.stamp == 1:
        fail("{}: stamp = 1 is not implemented by the air-gapped stand-in; use stamp = 0".format(ctx.label))

    wheel = ctx.actions.declare_file("{}-{}-{}-{}-{}.whl".format(
        ctx.attr.distribution.lower().replace("-", "_").replace(".", "_"),
        ctx.attr.version,
        ctx.attr.python_tag,
        ctx.attr.abi,
        ctx.attr.platform,
    ))
    name_file = ctx.actions.declare_file(ctx.label.name + ".name")
    metadata = ctx.actions.declare_file(ctx.label.name + ".metadata.txt")
    ctx.actions.write(metadata, "\n".join(_metadata_lines(ctx)) + "\n")

    packed = ctx.actions.args()
    packed.set_param_file_format("multiline")
    packed.use_param_file("--packed-files=%s", use_always = True)
    packed.add_all(ctx.files.deps, map_each = _as_pair)

    arguments = ctx.actions.args()
    arguments.add("--wheel", wheel)
    arguments.add("--name-file", name_file)
    arguments.add("--metadata", metadata)
    arguments.add("--version", ctx.attr.version)
    arguments.add_all(ctx.attr.strip_path_prefixes, before_each = "--strip")
    inputs = [metadata] + ctx.files.deps
    if ctx.file.description_file:
        arguments.add("--description", ctx.file.description_file)
        inputs.append(ctx.file.description_file)
    if ctx.attr.entry_points:
        entry_points = ctx.actions.declare_file(ctx.label.name + "_entry_points.txt")
        ctx.actions.write(entry_points, "\n".join(_entry_point_lines(ctx)))
        arguments.add("--entry-points", entry_points)
        inputs.append(entry_points)
    for target, path in ctx.attr.extra_distinfo_files.items():
        files = target[DefaultInfo].files.to_list()
        if len(files) != 1:
            fail("{}: extra_distinfo_files takes one file a label, and {} has {}".format(ctx.label, target.label, len(files)))
        arguments.add("--distinfo-file", files[0], format = path.replace("%", "%%") + ";%s")
        inputs += files

    ctx.actions.run(
        executable = ctx.executable._write_wheel,
        arguments = [arguments, packed],
        inputs = inputs,
        outputs = [wheel, name_file],
        mnemonic = "PyWheel",
        progress_message = "Packing wheel %{label}",
        use_default_shell_env = True,
    )
    return [
        DefaultInfo(files = depset([wheel]), runfiles = ctx.runfiles([wheel])),
        PyWheelInfo(name_file = name_file, wheel = wheel),
    ]

py_wheel_rule = rule(
    implementation = _py_wheel_impl,
    attrs = {
        "abi": attr.string(default = "none"),
        "author": attr.string(),
        "author_email": attr.string(),
        "classifiers": attr.string_list(),
        "deps": attr.label_list(doc = "Targets whose own files are packed; what they depend on is not."),
        "description_content_type": attr.string(doc = "Told by the extension of description_file if empty."),
        "description_file": attr.label(allow_single_file = True),
        "distribution": attr.string(mandatory = True),
        "entry_points": attr.string_list_dict(doc = "Group to lines of the form `name = module:function`."),
        "extra_distinfo_files": attr.label_keyed_string_dict(
            doc = "File to its path below the .dist-info folder.",
            allow_files = True,
        ),
        "extra_requires": attr.string_list_dict(doc = "Extra to the requirements that it adds."),
        "homepage": attr.string(),
        "license": attr.string(),
        "platform": attr.string(default = "any"),
        "project_urls": attr.string_dict(),
        "python_requires": attr.string(),
        "python_tag": attr.string(default = "py3"),
        "requires": attr.string_list(),
        "stamp": attr.int(default = -1, values = [-1, 0, 1]),
        "strip_path_prefixes": attr.string_list(doc = "The first that fits is taken off each packed path."),
        "summary": attr.string(),
        "version": attr.string(mandatory = True, doc = "In the normal form of PEP 440."),
        "_write_wheel": attr.label(
            default = Label("//python/private:write_wheel"),
            cfg = "exec",
            executable = True,
        ),
    },
    doc = "Packs files and metadata as a wheel.",
)

def py_wheel(name, **attributes):
    """Declares a py_wheel target, or says which attribute stands in the way.

    Args:
        name: string
        **attributes: those of the real py_wheel
    """
    refuse("py_wheel", name, attributes, REFUSED_BY_PY_WHEEL)
    py_wheel_rule(name = name, **attributes)
