import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('judge', '0002_walls'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Heartbeat',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, unique=True)),
                ('beaten_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='PromptTemplate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120)),
                ('version', models.PositiveIntegerField()),
                ('text', models.JSONField(help_text='texts by language, as llm_judge.rules.prompting writes them')),
                ('content_hash', models.CharField(max_length=64, unique=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('name', 'version'), name='prompt_version_once')],
            },
        ),
        migrations.CreateModel(
            name='Run',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('place', models.CharField(choices=[('queue', 'background workers'), ('command', 'a command')], max_length=8)),
                ('status', models.CharField(choices=[('queued', 'queued'), ('running', 'running'), ('paused', 'paused'), ('cancelled', 'cancelled'), ('done', 'done'), ('failed', 'failed')], default='queued', max_length=10)),
                ('plan', models.JSONField(help_text='bound: the last case id; criteria: ids')),
                ('n_planned', models.PositiveIntegerField()),
                ('n_done', models.PositiveIntegerField(default=0)),
                ('n_unscored', models.PositiveIntegerField(default=0)),
                ('trouble', models.TextField(blank=True, default='', help_text='why the judge cannot be asked, while it cannot')),
                ('trouble_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('started_at', models.DateTimeField(null=True)),
                ('progressed_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('judge', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='runs', to='judge.judge')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='runs', to='judge.project')),
            ],
        ),
        migrations.CreateModel(
            name='Completion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('prompt_hash', models.CharField(help_text='of all that was sent', max_length=64)),
                ('raw_text', models.TextField(blank=True, default='')),
                ('prompt_tokens', models.PositiveIntegerField(default=0)),
                ('completion_tokens', models.PositiveIntegerField(default=0)),
                ('latency_ms', models.PositiveIntegerField(default=0)),
                ('attempts', models.PositiveSmallIntegerField(default=1)),
                ('error_kind', models.CharField(blank=True, default='', max_length=24)),
                ('detail', models.TextField(blank=True, default='')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('erased_at', models.DateTimeField(null=True)),
                ('case', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='judge.case')),
                ('judgment', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='completion', to='judge.judgment')),
                ('rater', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='judge.rater')),
                ('run', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='completions', to='llm_judge.run')),
            ],
        ),
        migrations.CreateModel(
            name='Endpoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, unique=True)),
                ('kind', models.CharField(choices=[('openai', 'OpenAI-compatible server'), ('embedded', 'embedded model'), ('scripted', 'scripted answers')], max_length=8)),
                ('base_url', models.CharField(blank=True, default='', help_text='empty: found when it is needed', max_length=300)),
                ('model', models.CharField(blank=True, default='', max_length=200)),
                ('api_key_variable', models.CharField(blank=True, default='', help_text='name of the environment variable that holds the key', max_length=80)),
                ('max_in_flight', models.PositiveSmallIntegerField(default=32)),
                ('timeout_s', models.FloatField(default=60.0, help_text='for one call')),
                ('options', models.JSONField(blank=True, default=dict, help_text='scripted: latency_s, seed, fail_share')),
                ('raters', models.ManyToManyField(blank=True, help_text='who is asked here', related_name='endpoints', to='judge.rater')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('max_in_flight__gte', 1), ('timeout_s__gt', 0)), name='endpoint_bounds'), models.CheckConstraint(condition=models.Q(('api_key_variable', ''), ('api_key_variable__regex', '^[A-Z_][A-Z0-9_]*$'), _connector='OR'), name='endpoint_key_is_a_variable_name')],
            },
        ),
        migrations.AddConstraint(
            model_name='run',
            constraint=models.UniqueConstraint(condition=models.Q(('status__in', ['queued', 'running', 'paused'])), fields=('project',), name='run_one_live'),
        ),
        migrations.AddConstraint(
            model_name='run',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('finished_at__isnull', True), ('status__in', ['queued', 'running', 'paused'])), models.Q(('finished_at__isnull', False), ('status__in', ['cancelled', 'done', 'failed'])), _connector='OR'), name='run_ended_has_time'),
        ),
        migrations.AddIndex(
            model_name='completion',
            index=models.Index(condition=models.Q(('judgment__isnull', True)), fields=['case', 'rater'], name='completion_failed_tries'),
        ),
        migrations.AddIndex(
            model_name='completion',
            index=models.Index(condition=models.Q(('error_kind', ''), _negated=True), fields=['run', 'error_kind'], name='completion_errors'),
        ),
        # the wall that judge.models.append_only promises; its function stands in judge 0002
        migrations.RunSQL(
            """CREATE TRIGGER llm_judge_prompttemplate_append_only BEFORE UPDATE OR DELETE ON llm_judge_prompttemplate
               FOR EACH ROW EXECUTE FUNCTION cojudge_append_only()""",
            'DROP TRIGGER llm_judge_prompttemplate_append_only ON llm_judge_prompttemplate',
        ),
    ]
