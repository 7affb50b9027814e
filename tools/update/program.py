# SPDX-License-Identifier: Apache-2.0
"""Shows newer versions of everything that is pinned, and changes a pin: `tools/bazel run //tools:update`.

tools/bazel run //tools:update [-- NAME...]                  the table, of everything or of these
tools/bazel run //tools:update -- --apply NAME VERSION       changes every file that holds the pin, or none
tools/bazel run //tools:update -- --try NAME VERSION         says which of our patches fit that version
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from tools.update.bazel_pins import find_bazel_pins
from tools.update.c_pins import debian_names, find_c_pins
from tools.update.checkout import LOCK, Checkout, Refused
from tools.update.debian import Debian
from tools.update.go_pins import find_go_pins, relock
from tools.update.golang import Go
from tools.update.pin import Pin, Sources
from tools.update.table import Row, look, render
from tools.update.trial import try_patches
from tools.update.web import GITHUB, GitHub, Missing, Unreachable, Web
from tools.update.wheel_pins import find_wheel_pins

_NAMES = "tools/bazel run //tools:update   (the first column has the names)"


def main() -> int:
    """Returns 0, or 1 where something is refused; then nothing was changed."""
    options = _parser().parse_args()
    try:
        checkout = Checkout(options.checkout.resolve())
        web = Web()
        debian = Debian(web, os.environ.get("DQLITEPY_MIRROR", ""), debian_names(checkout))
        sources = Sources(GitHub(web, options.github), debian, Go(options.go))
        pins = find_pins(checkout)
        if options.trial:
            name, version = options.trial
            _try(checkout, sources, name, version.removeprefix("v"))
        elif options.apply:
            name, version = options.apply
            pin = _choose(pins, [name])[0]
            _apply(checkout, sources, pin, version.removeprefix("v"))
        elif options.relock:
            _write(checkout, LOCK, lambda: relock(checkout, sources.go))
        else:
            _show(sources, _choose(pins, options.names) if options.names else pins)
    except Refused as refusal:
        print(f"update: {refusal}\nType: {refusal.advice}", file=sys.stderr)
        return 1
    return 0


def find_pins(checkout: Checkout) -> list[Pin]:
    """Returns everything that is pinned, kind by kind."""
    return [
        *find_bazel_pins(checkout),
        *find_go_pins(checkout),
        *find_c_pins(checkout),
        *find_wheel_pins(checkout),
    ]


def _show(sources: Sources, pins: list[Pin]) -> None:
    rows: list[Row] = []
    for pin in pins:
        if sys.stderr.isatty():
            print(f"\r\033[Kupdate: asking for {pin.name}", end="", file=sys.stderr, flush=True)
        rows.append(look(pin, sources))
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)
    print(render(rows))


def _apply(checkout: Checkout, sources: Sources, pin: Pin, version: str) -> None:
    if version == pin.pinned:
        raise Refused(f"{pin.name} is at {version} already", _NAMES)
    _write(checkout, f"{pin.name} {pin.pinned}", lambda: pin.apply(checkout, sources, version))


def _try(checkout: Checkout, sources: Sources, name: str, version: str) -> None:
    try:
        print(try_patches(checkout, sources, name, version))
    except Unreachable as error:
        raise Refused(f"{name} {version} could not be reached: {error}", _NAMES) from None


def _write(checkout: Checkout, what: str, change: Callable[[], None]) -> None:
    """Makes a change and says which files it touched; where it cannot be made, `what` is said to stay as it is."""
    try:
        change()
    except (Missing, Unreachable) as error:
        raise Refused(f"{what} stays as it is, since this could not be reached: {error}", _NAMES) from None
    try:
        written = checkout.write()
    except OSError as error:
        raise Refused(f"{what} stays as it is, since the files cannot be written: {error}", "df -h .") from None
    if written:
        print("changed:", *written, sep="\n  ")
        print("Type: tools/bazel test //...")
    else:
        print("nothing had to be changed")


def _choose(pins: list[Pin], names: list[str]) -> list[Pin]:
    known = {pin.name: pin for pin in pins}
    for name in names:
        if name not in known:
            like = [other for other in known if name.lower() in other.lower()]
            said = f"; there is {', '.join(like)}" if like else ""
            raise Refused(f"nothing is pinned under the name {name}{said}", _NAMES)
    return [known[name] for name in names]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="update", description="Newer versions of everything that is pinned.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="show these alone")
    parser.add_argument("--apply", nargs=2, metavar=("NAME", "VERSION"), help="change every pin that belongs to it")
    parser.add_argument(
        "--try", nargs=2, dest="trial", metavar=("NAME", "VERSION"), help="say which of our patches fit that version"
    )
    parser.add_argument("--relock", action="store_true", help="make the Go modules' lines of the air-gapped lock anew")
    parser.add_argument("--github", default=GITHUB, metavar="ADDRESS", help="a mirror with GitHub's paths")
    parser.add_argument(
        "--go", default="go", metavar="COMMAND", help="the go command, of the pinned SDK or a newer one"
    )
    parser.add_argument(
        "--checkout",
        type=Path,
        default=os.environ.get("BUILD_WORKSPACE_DIRECTORY", "."),
        metavar="FOLDER",
        help="whose files are read and changed (default: this one)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
