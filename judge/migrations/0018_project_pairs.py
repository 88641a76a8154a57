import django.db.models.deletion
from django.db import migrations, models

#: One check of two columns instead of two of one: half the cost of an import was in checks of keys.
PAIRS = """
ALTER TABLE judge_item ADD CONSTRAINT item_in_the_project_of_its_context FOREIGN KEY (context_id, project_id)
    REFERENCES judge_context (id, project_id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE judge_case ADD CONSTRAINT case_in_the_project_of_its_item FOREIGN KEY (item_id, project_id)
    REFERENCES judge_item (id, project_id) DEFERRABLE INITIALLY DEFERRED;
"""
NO_PAIRS = """
ALTER TABLE judge_case DROP CONSTRAINT case_in_the_project_of_its_item;
ALTER TABLE judge_item DROP CONSTRAINT item_in_the_project_of_its_context;
"""


def unchecked(model: str, name: str, to: str, related_name: str) -> migrations.AlterField:
    """A key that another constraint checks."""
    field: models.ForeignKey[models.Model, models.Model] = models.ForeignKey(
        db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name=related_name, to=to
    )
    return migrations.AlterField(model_name=model, name=name, field=field)


class Migration(migrations.Migration):
    """An item is in the project of its context, a case in that of its item: the database sees to it."""

    dependencies = [("judge", "0017_verdict_by_judge")]

    operations = [
        migrations.AddConstraint(
            "context", models.UniqueConstraint(fields=("id", "project"), name="context_project_pair")
        ),
        migrations.AddConstraint("item", models.UniqueConstraint(fields=("id", "project"), name="item_project_pair")),
        migrations.RunSQL(PAIRS, NO_PAIRS),
        unchecked("item", "context", "judge.context", "items"),
        unchecked("item", "project", "judge.project", "items"),
        unchecked("case", "item", "judge.item", "cases"),
        unchecked("case", "project", "judge.project", "cases"),
    ]
