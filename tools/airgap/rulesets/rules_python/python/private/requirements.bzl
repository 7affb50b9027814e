# SPDX-License-Identifier: Apache-2.0
"""Reads a hash-pinned requirements file."""

def normal_name(name):
    """Writes a distribution's name as repositories and packages spell it.

    Args:
        name: string
    Returns:
        string of small letters, digits and single underscores
    """
    parts = name.lower().replace("-", "_").replace(".", "_").split("_")
    return "_".join([part for part in parts if part])

def parse_requirements(text):
    """Reads requirements of the form `NAME[EXTRA]==VERSION [; MARKER] --hash=sha256:… `.

    Args:
        text: string, the file
    Returns:
        list of struct(name, version, extras: list of strings, sha256: list of strings)
    """
    requirements = []
    for line in text.replace("\\\n", " ").split("\n"):
        words = line.partition(" #")[0].split(" ")
        words = [word for word in words if word]
        if not words or words[0].startswith("#"):
            continue
        hashes = [word.removeprefix("--hash=sha256:") for word in words if word.startswith("--hash=sha256:")]
        full_name, pinned, version = words[0].rstrip(";").partition("==")
        if not pinned or not hashes:
            fail("a requirement has to read NAME==VERSION --hash=sha256:…, and this one does not: " + line)
        name, _, extras = full_name.rstrip("]").partition("[")
        requirements.append(struct(
            name = normal_name(name),
            version = version,
            extras = [extra for extra in extras.split(",") if extra],
            sha256 = hashes,
        ))
    return requirements

def required_distributions(metadata, extras, locked):
    """Tells which locked distributions a wheel needs.

    Markers other than extras are not evaluated: the lock is made for one Python on Linux, and holds
    nothing that a marker excludes there.

    Args:
        metadata: string, the wheel's METADATA
        extras: list of strings, the extras that were asked for
        locked: list of strings, normal names
    Returns:
        list of normal names
    """
    needed = {}
    for line in metadata.partition("\n\n")[0].split("\n"):
        header, _, requirement = line.partition(":")
        if header.lower() != "requires-dist":
            continue
        dependency, _, marker = requirement.strip().partition(";")
        marker = marker.replace(" ", "").replace("\"", "'")
        if "extra==" in marker and not any(["extra=='{}'".format(extra) in marker for extra in extras]):
            continue
        for delimiter in [" ", "[", "(", "<", ">", "=", "!", "~"]:
            dependency = dependency.partition(delimiter)[0]
        if normal_name(dependency) in locked:
            needed[normal_name(dependency)] = None
    return needed.keys()
