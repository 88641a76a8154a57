"""The site admin's drawer for machines: endpoints can be changed; what was run and answered can only be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

from judge.admin import ReadOnlyAdmin
from llm_judge.models import Completion, Endpoint, Run

if TYPE_CHECKING:
    AnyAdmin = admin.ModelAdmin[Any]
else:
    AnyAdmin = admin.ModelAdmin


@admin.register(Endpoint)
class EndpointAdmin(AnyAdmin):
    """Only site admins name addresses. A key is never typed here: only the variable that holds it."""

    list_display = ("name", "kind", "base_url", "model", "api_key_variable", "is_trusted", "max_in_flight", "weight")
    readonly_fields = ("raters",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Endpoint | None = None) -> bool:
        return request.user.is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Endpoint | None = None) -> bool:
        return request.user.is_superuser


admin.site.register([Run, Completion], ReadOnlyAdmin)
