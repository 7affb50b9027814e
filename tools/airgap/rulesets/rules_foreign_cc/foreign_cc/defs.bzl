# SPDX-License-Identifier: Apache-2.0
"""The rules that BUILD files load: configure_make and make."""

load("//foreign_cc/private:configure_make.bzl", _configure_make = "configure_make")
load("//foreign_cc/private:make.bzl", _make = "make")

configure_make = _configure_make
make = _make
