# SPDX-License-Identifier: Apache-2.0
"""The extension `pip`: wheels out of a folder instead of a package index."""

load("//python/private:python_on_path.bzl", "python_version", "refuse_other_python")
load("//python/private:requirements.bzl", "parse_requirements")
load("//python/private:wheel_repositories.bzl", "hub_repository", "wheel_repository")

def _pip_impl(module_ctx):
    _, found = python_version(module_ctx)
    for module in module_ctx.modules:
        for tag in module.tags.parse:
            refuse_other_python(found, tag.python_version, "pip.parse")
            requirements = parse_requirements(module_ctx.read(tag.requirements_lock))
            prefix = "{}_{}_".format(tag.hub_name, found.replace(".", ""))
            for requirement in requirements:
                wheel_repository(
                    name = prefix + requirement.name,
                    distribution = requirement.name,
                    extras = requirement.extras,
                    hub = tag.hub_name,
                    locked = [other.name for other in requirements],
                    sha256 = requirement.sha256,
                    version = requirement.version,
                )
            hub_repository(
                name = tag.hub_name,
                packages = [requirement.name for requirement in requirements],
                prefix = prefix,
            )

pip = module_extension(
    implementation = _pip_impl,
    tag_classes = {
        "parse": tag_class(attrs = {
            "hub_name": attr.string(mandatory = True, doc = "Repository with one package of aliases a distribution."),
            "python_version": attr.string(mandatory = True, doc = "Refused unless the interpreter on PATH is of it."),
            "requirements_lock": attr.label(mandatory = True, doc = "NAME==VERSION lines with their --hash options."),
            "simpleapi_skip": attr.string_list(
                doc = "Distributions whose repository is HUB_3xx_NAME in the real ruleset too; here all are.",
            ),
        }),
    },
)
