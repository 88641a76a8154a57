"""The site admin's drawer: people, projects and memberships can be changed; rows of record can only be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from judge import models
from judge.rules.streams import Stream

if TYPE_CHECKING:  # these classes take type arguments only for the type checker
    AnyAdmin = admin.ModelAdmin[Any]
    AnyUserAdmin = UserAdmin[models.User]
else:
    AnyAdmin, AnyUserAdmin = admin.ModelAdmin, UserAdmin


class ReadOnlyAdmin(AnyAdmin):
    """Rows that only actions write: to be looked at. What people said of certify items is not: it proves the judge, and
    whoever comes here may edit what it proves."""

    show_full_result_count = False
    list_per_page = 50
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        found: QuerySet[Any] = super().get_queryset(request)
        certify = {"case__item__stream": Stream.CERTIFY}
        said = models.Judgment.objects.filter(rater__kind=models.Rater.Kind.PERSON, **certify)
        if self.model is models.Judgment:
            return found.exclude(pk__in=said.values("pk"))
        if self.model is models.JudgmentText:
            return found.exclude(pk__in=said.filter(text__isnull=False).values("text"))
        return found.exclude(**certify) if self.model is models.AgreedLabel else found

    def get_list_display(self, request: HttpRequest) -> tuple[Any, ...]:
        shown = [each.name for each in self.model._meta.concrete_fields if each.get_internal_type() != "JSONField"]
        return tuple(shown[:9])

    def get_list_select_related(self, request: HttpRequest) -> list[str]:
        return [each.name for each in self.model._meta.concrete_fields if each.many_to_one or each.one_to_one]

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(models.User)
class PersonAdmin(AnyUserAdmin):
    list_display = ("username", "display_name", "is_active", "is_superuser", "is_demo")


@admin.register(models.Project)
class ProjectAdmin(AnyAdmin):
    """What is in force is put there by actions, not here."""

    list_display = ("name", "slug", "task", "is_demo", "created_at")
    fields = ("name", "slug", "task", "is_demo", "rubric", "policy", "judge", "generator_template")
    readonly_fields = ("slug", "task", "rubric", "policy", "judge", "generator_template")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(models.Membership)
class MembershipAdmin(AnyAdmin):
    list_display = ("user", "project", "role")
    list_filter = ("role", "project")
    list_select_related = ("user", "project")


#: One door for all: lock-out and second factors guard the site admin's pages too.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.register(
    [*models.append_only_models(), models.Context, models.Frame, models.Item, models.Case, models.Rater,
     models.JudgmentText],
    ReadOnlyAdmin,
)  # fmt: skip
