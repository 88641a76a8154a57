import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('annotation', '0001_initial'),
        ('judge', '0008_doubted_labels'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Annotator',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('languages', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=10), default=list, help_text='as zh, en; empty: every language')),
                ('criteria', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), default=list, help_text='their keys; empty: every criterion')),
                ('daily_cap', models.PositiveIntegerField(help_text='items that they may answer in a day', null=True)),
                ('is_paused', models.BooleanField(default=False)),
                ('pause_reason', models.CharField(blank=True, default='', help_text='told to the person', max_length=200)),
                ('place_priority', models.SmallIntegerField(null=True)),
                ('place_order', models.FloatField(null=True)),
                ('looked_at', models.DateTimeField(help_text='when they last looked from the head of the queue', null=True)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='annotators', to=settings.AUTH_USER_MODEL)),
                ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='judge.project')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('project', 'person'), name='annotator_once_per_project'), models.CheckConstraint(condition=models.Q(models.Q(('is_paused', False), ('pause_reason', '')), models.Q(('is_paused', True), models.Q(('pause_reason', ''), _negated=True)), _connector='OR'), name='annotator_pause_has_reason'), models.CheckConstraint(condition=models.Q(('daily_cap__isnull', True), ('daily_cap__gte', 1), _connector='OR'), name='annotator_cap_allows_one')],
            },
        ),
        migrations.CreateModel(
            name='Assignment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('closed_at', models.DateTimeField(null=True)),
                ('by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('item', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='judge.item')),
                ('person', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='assignments', to=settings.AUTH_USER_MODEL)),
                ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='judge.project')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('closed_at__isnull', True)), fields=['project', 'person', 'id'], name='assignment_open')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('closed_at__isnull', True)), fields=('person', 'item'), name='assignment_one_open')],
            },
        ),
    ]
