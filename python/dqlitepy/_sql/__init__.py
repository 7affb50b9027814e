# SPDX-License-Identifier: Apache-2.0
"""Statements, parameters and values: from Python to what crosses to the library, and back."""
