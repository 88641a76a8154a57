from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('llm_judge', '0007_students'),
    ]

    operations = [
        migrations.AlterField(
            model_name='run',
            name='place',
            field=models.CharField(choices=[('queue', 'background workers'), ('command', 'a command'), ('files', 'files, judged elsewhere')], max_length=8),
        ),
    ]
