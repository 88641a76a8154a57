from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('llm_judge', '0004_vllm_without_a_server'),
    ]

    operations = [
        migrations.AddField(
            model_name='endpoint',
            name='is_trusted',
            field=models.BooleanField(db_default=False, default=False, help_text='an admin named its address: it may lie inside this network'),
        ),
        # until now only admins could name addresses
        migrations.RunSQL('UPDATE llm_judge_endpoint SET is_trusted = TRUE', migrations.RunSQL.noop),
    ]
