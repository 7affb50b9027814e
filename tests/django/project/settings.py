# SPDX-License-Identifier: Apache-2.0
"""The settings of a small project. The environment says where its database is."""

from __future__ import annotations

import json
import os

DATABASES = {"default": {"ENGINE": "dqlitepy.django", **json.loads(os.environ.get("DATABASE", '{"NAME": ":memory:"}'))}}
DEBUG = True
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "tests.django.project.library"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ROOT_URLCONF = "tests.django.project.urls"
SECRET_KEY = "of a test"
TIME_ZONE = "Europe/Vienna"
USE_TZ = True
