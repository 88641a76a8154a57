from django.apps import AppConfig

from judge import registry


class JudgeConfig(AppConfig):
    name = "judge"
    verbose_name = "The court"

    def ready(self) -> None:
        from judge.actions import health

        registry.doctor_checks.update(health.CHECKS)
