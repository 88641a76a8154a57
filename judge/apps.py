from django.apps import AppConfig

from judge import registry


class JudgeConfig(AppConfig):
    name = "judge"
    verbose_name = "The court"

    def ready(self) -> None:
        from judge.actions import agreements, health

        registry.doctor_checks.update(health.CHECKS)
        registry.summaries[agreements.NAME] = registry.SummaryKind(agreements.measure)
