# SPDX-License-Identifier: Apache-2.0
"""The command line: one module a command. It uses the package as any program would, by its public names."""
