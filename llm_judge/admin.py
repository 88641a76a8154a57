"""The site admin's drawer for machines: endpoints can be changed; what was run and answered can only be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin

from judge.admin import ReadOnlyAdmin
from llm_judge.models import Completion, Endpoint, Run

if TYPE_CHECKING:
    AnyAdmin = admin.ModelAdmin[Any]
else:
    AnyAdmin = admin.ModelAdmin


@admin.register(Endpoint)
class EndpointAdmin(AnyAdmin):
    """Only site admins name addresses. A key is never typed here: only the variable that holds it."""

    list_display = ("name", "kind", "base_url", "model", "api_key_variable", "max_in_flight", "timeout_s")
    readonly_fields = ("raters",)


admin.site.register([Run, Completion], ReadOnlyAdmin)
