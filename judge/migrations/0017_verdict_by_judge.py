import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """A judge's latest verdict is found without walking back over those of others."""

    dependencies = [("judge", "0016_tallies")]

    operations = [
        migrations.AddIndex(model_name="verdict", index=models.Index(fields=["judge", "id"], name="verdict_by_judge")),
        migrations.AlterField(
            model_name="verdict",
            name="judge",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="verdicts",
                to="judge.judge",
            ),
        ),
    ]
