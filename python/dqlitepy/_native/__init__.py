# SPDX-License-Identifier: Apache-2.0
"""The boundary to the native library: what it exports, how it is loaded, called and waited for, what crosses it."""
