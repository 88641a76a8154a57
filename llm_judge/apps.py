from django.apps import AppConfig


class LlmJudgeConfig(AppConfig):
    name = "llm_judge"
    verbose_name = "Machines"
