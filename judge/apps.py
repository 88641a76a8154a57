from functools import partial

from django.apps import AppConfig

from judge import registry


class JudgeConfig(AppConfig):
    name = "judge"
    verbose_name = "The court"

    def ready(self) -> None:
        from judge.actions import (
            agreements,
            audit_histories,
            audit_slices,
            comparison_figures,
            health,
            judge_figures,
            mixes,
            pass_rates,
            whereabouts,
        )

        registry.doctor_checks.update(health.CHECKS)
        registry.summaries[agreements.NAME] = registry.SummaryKind(agreements.measure, is_of_people=True)
        of_audits = partial(registry.SummaryKind, mark=audit_histories.mark, is_of_people=True)
        registry.summaries[audit_histories.NAME] = of_audits(audit_histories.measure)
        registry.summaries[audit_slices.NAME] = of_audits(audit_slices.measure)
        registry.summaries[mixes.NAME] = registry.SummaryKind(mixes.measure, mixes.mark)
        registry.summaries[comparison_figures.NAME] = registry.SummaryKind(comparison_figures.measure, mixes.mark)
        registry.summaries[judge_figures.NAME] = registry.SummaryKind(judge_figures.measure)
        registry.summaries[whereabouts.NAME] = registry.SummaryKind(whereabouts.measure)
        registry.summaries[pass_rates.NAME] = registry.SummaryKind(pass_rates.measure)
        registry.panels["1 pass rates"] = "pass_rates"
