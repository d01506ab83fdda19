"""The admin: accounts in; out, pages where they keep partners and keys, edit facts, review changes and publish them."""

from django.contrib import admin

from api.admin import facts, partners, review, roles

__all__ = ["facts", "partners", "review", "roles"]

admin.site.site_header = admin.site.site_title = "Sclerotherapy content"
admin.site.index_title = "What is kept here"
