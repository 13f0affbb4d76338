"""What the tests of other systems' files share: a source read whole, and its items checked."""

from contextlib import ExitStack
from pathlib import Path

from django.apps import apps

from portfolio.exchange import canonical
from portfolio.exchange.files import opened

DATA = Path(__file__).parent / "data"
ORDER = [model._meta.label_lower for model in canonical.CONTENT]


class Read:
    """A source of a form read from a path: its items by kind and its remarks by place."""

    def __init__(self, form, path):
        with ExitStack() as stack:
            files = stack.enter_context(opened(path))
            assert form.recognises(files)
            self.source = form(files)
            self.items = [*self.source.items()]
            assert [*self.source.items()] == self.items
            self.remarks = [(remark.where, remark.what) for remark in self.source.remarks]
            self.sizes = {}
            for name, open_picture in self.source.pictures.items():
                with open_picture() as file:
                    self.sizes[name] = len(file.read())
        for item in self.items:
            check(item)
        assert [item.model for item in self.items] == sorted(
            (item.model for item in self.items), key=ORDER.index
        )

    def of(self, model):
        return [item.fields for item in self.items if item.model == model]

    def entry(self, title):
        (found,) = [fields for fields in self.of("journal.entry") if fields["title"] == title]
        return found

    @property
    def addresses(self):
        return {fields["path"]: fields["entry"] for fields in self.of("portfolio.formeraddress")}

    def told(self, where, *words):
        """Whether a remark of just that place has all of the words."""
        return any(place == where and all(w in what for w in words) for place, what in self.remarks)


def check(item):
    """Every field is one that the model takes, and relations are natural keys."""
    model = apps.get_model(item.model)
    for name, value in item.fields.items():
        field = model._meta.get_field(name)
        if field.many_to_many:
            assert value == sorted(value) and all(len(key) == 1 for key in value)
        elif field.is_relation:
            assert isinstance(value, list)
        else:
            field.clean(value, None)
