# SPDX-License-Identifier: Apache-2.0
"""An application with books and their authors."""
