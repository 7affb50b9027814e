# SPDX-License-Identifier: Apache-2.0
"""A database backend for Django: `"ENGINE": "dqlitepy.django"`. docs/django.md is its manual."""
