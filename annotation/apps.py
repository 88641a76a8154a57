from django.apps import AppConfig

from judge import registry


class AnnotationConfig(AppConfig):
    name = "annotation"
    verbose_name = "People"

    def ready(self) -> None:
        from annotation.actions import demo, erasures, gauges, quality, workload

        registry.demo_seeders["2 people: answers"] = demo.seed
        registry.erasers["people"] = erasures.erase
        registry.gauges["people"] = gauges.read
        registry.summaries[quality.NAME] = registry.SummaryKind(quality.measure, is_of_people=True)
        registry.summaries[workload.NAME] = registry.SummaryKind(workload.measure, is_of_people=True)
