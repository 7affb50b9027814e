# SPDX-License-Identifier: Apache-2.0
"""What a connection, a cursor and a pool know and decide without ever waiting, for both ways of waiting."""
