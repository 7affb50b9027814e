# SPDX-License-Identifier: Apache-2.0
"""One page: how many authors there are, after another one."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path

from tests.django.project.library.models import Author


def count(request: HttpRequest) -> HttpResponse:
    """Adds an author and shows how many there are."""
    Author.objects.create(name=f"author {Author.objects.count()}")
    return HttpResponse(str(Author.objects.count()))


urlpatterns = [path("", count)]
