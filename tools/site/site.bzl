# SPDX-License-Identifier: Apache-2.0
"""The site: a folder of HTML, made out of pages and docstrings."""

def _site_impl(ctx):
    folder = ctx.actions.declare_directory(ctx.label.name)
    arguments = ctx.actions.args()
    arguments.add(folder.path)
    for file in ctx.files.srcs:
        arguments.add("{}={}".format(file.short_path, file.path))
    ctx.actions.run(
        mnemonic = "Site",
        executable = ctx.executable._program,
        inputs = ctx.files.srcs,
        outputs = [folder],
        arguments = [arguments],
        env = {"LC_ALL": "C.UTF-8"},
        progress_message = "Making the site",
        toolchain = None,
        # The launcher of a Python tool may look for its interpreter on PATH.
        use_default_shell_env = True,
    )
    return [DefaultInfo(files = depset([folder]), runfiles = ctx.runfiles([folder]))]

site = rule(
    implementation = _site_impl,
    doc = "Makes a folder of HTML out of the pages, which keep their names below it.",
    attrs = {
        "srcs": attr.label_list(allow_files = True, mandatory = True, doc = "The pages, and the files that they show."),
        "_program": attr.label(cfg = "exec", default = Label("//tools/site:program"), executable = True),
    },
)
