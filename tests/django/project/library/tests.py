# SPDX-License-Identifier: Apache-2.0
"""The project's own tests, for Django's test runner: each class can go to another of its workers."""

from __future__ import annotations

import os

from django.db import connection, transaction
from django.test import TestCase, TransactionTestCase

from tests.django.project.library.models import Author


class Rows(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        Author.objects.create(name="Ursula")

    def test_one(self) -> None:
        Author.objects.create(name="Iain")
        self.assertEqual(Author.objects.count(), 2)

    def test_other(self) -> None:
        self.assertEqual(Author.objects.get().name, "Ursula")


class Commits(TransactionTestCase):
    def test_one(self) -> None:
        with transaction.atomic():
            Author.objects.create(name="Ursula")
        self.assertEqual(Author.objects.count(), 1)

    def test_other(self) -> None:
        self.assertEqual(Author.objects.count(), 0)


class Places(TestCase):
    def test_the_database_is_not_the_projects(self) -> None:
        self.assertNotEqual(connection.settings_dict["NAME"], os.environ["PRODUCTION"])
        self.assertFalse(Author.objects.filter(name="of the project").exists())
