# SPDX-License-Identifier: Apache-2.0
"""What a library has."""

from __future__ import annotations

from django.db import models


class Author(models.Model):
    name = models.CharField(max_length=80, unique=True)
    born = models.DateField(null=True)


class Book(models.Model):
    title = models.CharField(max_length=200)
    author = models.ForeignKey(Author, models.CASCADE, related_name="books")
    price = models.DecimalField(max_digits=8, decimal_places=2, default=0)
    pages = models.PositiveIntegerField(default=0)
    published = models.DateTimeField(null=True)
    lent_for = models.DurationField(null=True)
    about = models.JSONField(default=dict)
    cover = models.BinaryField(default=b"")
    in_print = models.BooleanField(default=True)

    class Meta:
        """What the table has besides its columns."""

        constraints = (models.CheckConstraint(condition=models.Q(price__gte=0), name="price_is_not_negative"),)
        indexes = (models.Index("title", name="by_title"),)
