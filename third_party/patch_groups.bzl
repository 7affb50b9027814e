# SPDX-License-Identifier: Apache-2.0
"""Which patches of pins.bzl a build applies: //third_party/dqlite:patches chooses one of PATCH_SETS."""

# "fixes" is all groups of dqlite's patches but speed/ and reads/, which is on top of it: the client of this package needs the
# features. Other components have no groups.
PATCH_SETS = ["all", "fixes"]

def applied_patches(pin, patch_set):
    """Returns the patches that apply to a component, in order.

    Args:
        pin: of pins.bzl.
        patch_set: one of PATCH_SETS.
    """
    if patch_set not in PATCH_SETS:
        fail("no set of patches is called {}".format(patch_set))
    return [patch for patch in pin.get("patches", []) if patch_set == "all" or patch.split("/")[0] not in ["speed", "reads"]]
