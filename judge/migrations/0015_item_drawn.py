from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    """The few items that teach or measure are found without reading all."""

    dependencies = [("judge", "0014_retention")]

    operations = [
        migrations.AddIndex(
            model_name="item",
            index=models.Index(fields=["project", "stream"], condition=~Q(stream="open"), name="item_drawn"),
        ),
    ]
