# SPDX-License-Identifier: Apache-2.0
"""What PyInstaller asks an installed package: which files a program that imports it needs beside its modules."""
