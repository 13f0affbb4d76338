from django.db import migrations

# FTS5 keeps the terms of titles apart by itself. Of many terms, looking for which are in the title
# takes PostgreSQL a while.
TITLES = [
    "ALTER TABLE search_terms ADD COLUMN titles tsvector"
    " GENERATED ALWAYS AS (ts_filter(search_terms, '{a}')) STORED",
    "CREATE INDEX search_terms_titles ON search_terms USING gin (titles)",
]


def add(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for sql in TITLES:
            schema_editor.execute(sql)


def remove(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE search_terms DROP COLUMN titles")


class Migration(migrations.Migration):

    dependencies = [
        ('search', '0001_initial'),
    ]

    operations = [
        migrations.RunPython(add, remove),
    ]
