from django.db import migrations

# Words may hold `+` and `#` now, as in C++, and are others in many scripts: when this has run, the
# index is filled anew. Nothing asks FTS5 for the beginnings of words by three or four characters.
CREATE = """CREATE VIRTUAL TABLE search_terms USING fts5 (title, text, tokenize = "ascii tokenchars '{}'"{})"""


def create(apps, schema_editor, signs="=+#", prefix=""):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TABLE search_terms")
        schema_editor.execute(CREATE.format(signs, prefix))


def create_former(apps, schema_editor):
    create(apps, schema_editor, "=", ", prefix = '3 4'")


class Migration(migrations.Migration):

    dependencies = [
        ('search', '0002_titles'),
    ]

    operations = [
        migrations.RunPython(create, create_former),
    ]
