
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('annotation', '0003_known_leases'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='lease',
            name='lease_one_live_per_person_and_project',
        ),
        migrations.AddField(
            model_name='annotator',
            name='shows_lists',
            field=models.BooleanField(db_default=False, default=False, help_text='their choice: outputs of one context come as one list'),
        ),
        migrations.AddField(
            model_name='lease',
            name='is_listed',
            field=models.BooleanField(db_default=False, default=False, help_text='taken beside another item of its context, to answer them as a list'),
        ),
        migrations.AddConstraint(
            model_name='lease',
            constraint=models.UniqueConstraint(condition=models.Q(('closed_at__isnull', True), ('is_listed', False)), fields=('person', 'project'), name='lease_one_live_per_person_and_project'),
        ),
    ]
