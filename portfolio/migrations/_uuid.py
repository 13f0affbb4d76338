import uuid

from django.db import migrations, models


def add_uuid(app, model):
    """The operations that give each row of a model a UUID of its own."""

    def fill(apps, schema_editor):
        rows = apps.get_model(app, model).objects.using(schema_editor.connection.alias)
        for row in rows.only("pk").iterator():
            row.uuid = uuid.uuid4()
            row.save(update_fields=["uuid"])

    empty = models.UUIDField(default=uuid.uuid4, editable=False, null=True)
    unique = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    return [
        migrations.AddField(model, "uuid", empty),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AlterField(model, "uuid", unique),
    ]
