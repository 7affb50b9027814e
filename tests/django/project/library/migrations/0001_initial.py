# SPDX-License-Identifier: Apache-2.0
"""The tables as they were first."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    operations = (
        migrations.CreateModel(
            "Author",
            (
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40)),
                ("born", models.DateField(null=True)),
            ),
        ),
        migrations.CreateModel(
            "Book",
            (
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=200)),
                ("author", models.ForeignKey("library.Author", models.CASCADE, related_name="books")),
                ("price", models.DecimalField(max_digits=8, decimal_places=2, default=0)),
                ("published", models.DateTimeField(null=True)),
                ("lent_for", models.DurationField(null=True)),
                ("about", models.JSONField(default=dict)),
                ("cover", models.BinaryField(default=b"")),
                ("in_print", models.BooleanField(default=True)),
            ),
        ),
    )
