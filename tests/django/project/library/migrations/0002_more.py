# SPDX-License-Identifier: Apache-2.0
"""Changes for which SQLite needs both tables made anew: the one that is referred to, and the one that refers."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("library", "0001_initial"),)
    operations = (
        migrations.AlterField("Author", "name", models.CharField(max_length=80, unique=True)),
        migrations.AddField("Book", "pages", models.PositiveIntegerField(default=0)),
        migrations.AddIndex("Book", models.Index("title", name="by_title")),
        migrations.AddConstraint(
            "Book", models.CheckConstraint(condition=models.Q(price__gte=0), name="price_is_not_negative")
        ),
    )
