from importlib import import_module

from django.apps import AppConfig

from judge import registry


class LlmJudgeConfig(AppConfig):
    name = "llm_judge"
    verbose_name = "Machines"

    def ready(self) -> None:
        import_module("judge.celery")  # the roof is named, not imported: messages need its broker
        from llm_judge.actions import checks, costs, demo, erasures, gauges, probes, run_door, setups, spending
        from llm_judge.rules import conversations

        registry.judge_setups.update(setups.SETUPS)
        registry.doctor_checks.update(checks.CHECKS)
        registry.demo_seeders["1 machines: recorded verdicts"] = demo.seed
        registry.demo_starters["machines"] = demo.start
        registry.demo_recorders["machines"] = demo.record
        registry.progress_lines["machines"] = demo.progress_line
        registry.gauges["machines"] = gauges.read
        registry.judge_costs["machines"] = costs.cost_of
        registry.erasers["machines"] = erasures.erase
        registry.run_door = run_door.DOOR
        registry.summaries[probes.NAME] = registry.SummaryKind(probes.measure, probes.mark)
        registry.summaries[spending.NAME] = registry.SummaryKind(spending.measure, spending.mark)
        registry.panels["0 run"] = "run_progress"
        registry.judge_lessons["machines"] = conversations.write
