from django.db import migrations


def create_index(apps, schema_editor):
    """Of the words in titles alone; FTS5 has those by itself."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "CREATE INDEX search_terms_titles ON search_terms"
            " USING gin (ts_filter(search_terms, '{a}'))"
        )


def drop_index(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX search_terms_titles")


class Migration(migrations.Migration):

    dependencies = [
        ('search', '0001_initial'),
    ]

    operations = [
        migrations.RunPython(create_index, drop_index),
    ]
