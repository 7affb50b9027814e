# SPDX-License-Identifier: Apache-2.0
"""Packing Python code into a wheel."""

load("//python/private:py_package.bzl", _py_package = "py_package")
load("//python/private:py_wheel.bzl", _PyWheelInfo = "PyWheelInfo", _py_wheel = "py_wheel")

PyWheelInfo = _PyWheelInfo
py_package = _py_package
py_wheel = _py_wheel
