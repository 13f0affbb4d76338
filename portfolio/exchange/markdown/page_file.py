"""The file of one object: its fields, parts and former addresses in front matter, and its text."""

from portfolio.models import FormerAddress, Publishable

from ..files import SourceError
from ..source import Item
from . import front_matter, notation, sections
from .layout import FOLDERS, PARTS, parts_of

# Hugo's word for former addresses, a list of paths. Their other fields stand beside it, by path.
ALIASES = "aliases"
ALIAS_FIELDS = "alias_fields"


def named_by_file(model):
    """The fields that the file's name says."""
    return model.natural_key_fields if model in FOLDERS else ()


def compose(model, fields, beside):
    """The text of an object's file. `beside` is more front matter: its parts and aliases."""
    body, rest = sections.compose(model, fields)
    without = {*named_by_file(model), *(f.name for f in sections.markdown_fields(model))}
    matter = notation.written(model, fields, notation.OF_A_PAGE, without)
    if issubclass(model, Publishable) and fields["publish_at"] is None:
        matter = {"title": fields["title"], "draft": True} | matter
    return front_matter.compose(matter | beside | rest, body)


def compose_alias(matter, fields):
    """Add a former address to the front matter of what it leads to."""
    matter.setdefault(ALIASES, []).append(fields["path"])
    more = notation.written(FormerAddress, fields, without=["path", *FormerAddress.KINDS])
    if more:
        matter.setdefault(ALIAS_FIELDS, {})[fields["path"]] = more


class Reading:
    """An object's file as it is read: gives Items, and tells the source what it leaves out."""

    def __init__(self, source, model, path, key):
        self.source, self.model, self.path, self.key = source, model, path, key
        self.page = front_matter.parse(source.files.text(path), path)
        self.matter = dict(self.page.matter)

    def at(self, key):
        """Where a key stands."""
        return f"{self.path}:{self.page.lines.get(key, 1)}"

    def item(self):
        fields = dict(zip(named_by_file(self.model), self.key, strict=True)) | self.texts()
        if issubclass(self.model, Publishable):
            self.check_draft()
        fields |= notation.read(
            self.model, self.matter, self.path, notation.OF_A_PAGE, without=fields
        )
        return Item(self.model._meta.label_lower, fields, self.path)

    def texts(self):
        texts, stray = sections.parse(self.model, self.page.body, self.path)
        if stray:
            self.source.remark(
                f"{self.path}:{self.page.body_line}",
                "The text before the first heading is not taken over: put it below the heading of "
                "a field, such as ## problem.",
            )
        for name in texts:
            if self.matter.pop(name, None):
                raise SourceError(
                    f"{self.at(name)} says {name!r}, and so does the text below: keep one of them."
                )
        return texts

    def check_draft(self):
        """`draft` says no more than that there is a date or none, in the word that Hugo knows."""
        if "draft" not in self.matter:
            return
        draft = notation.WORDS.get(str(self.matter.pop("draft")).lower())
        dated = self.matter.get("date") is not None
        if draft is None:
            raise SourceError(f"{self.at('draft')} is neither true nor false: write one of them.")
        if draft and dated:
            raise SourceError(
                f"{self.at('draft')} says that it is a draft, and line {self.page.lines['date']} "
                "when it is published: keep one of them."
            )
        if not draft and not dated:
            raise SourceError(
                f"{self.at('draft')} says that it is no draft, and nothing when it is published: "
                "give it a date."
            )

    def parts(self):
        """The Items of its parts, in lists by model."""
        return {
            part: [self.part(part, key, mapping) for mapping in self.mappings(key)]
            for part, key in parts_of(self.model).items()
        }

    def part(self, model, key, mapping):
        owner = PARTS[model]
        fields = {owner: self.key} | notation.read(model, mapping, self.at(key), without=[owner])
        self.source.remark_unknown(mapping, self.at(key))
        return Item(model._meta.label_lower, fields, self.at(key))

    def mappings(self, key):
        return mappings(self.matter.pop(key, None), self.at(key))

    def aliases(self):
        """The Items of the former addresses that lead to it."""
        paths = self.matter.pop(ALIASES, None) or []
        more = self.matter.pop(ALIAS_FIELDS, None) or {}
        if not isinstance(paths, list):
            paths = [paths]
        if not isinstance(more, dict) or not all(isinstance(m, dict) for m in more.values()):
            raise SourceError(
                f"{self.at(ALIAS_FIELDS)} is not as it was exported: put it back, or take it away."
            )
        for path in paths:
            if not isinstance(path, str):
                raise SourceError(f"{self.at(ALIASES)} is no list of paths: write one.")
            yield self.alias(path, more.pop(path, {}))
        for path in more:
            self.source.remark(self.at(ALIAS_FIELDS), f"{path!r} is no alias: not taken over.")

    def alias(self, path, more):
        kinds = dict.fromkeys(FormerAddress.KINDS) | {self.model._meta.model_name: self.key}
        fields = {"path": path} | kinds
        fields |= notation.read(FormerAddress, more, self.at(ALIAS_FIELDS), without=fields)
        self.source.remark_unknown(more, self.at(ALIAS_FIELDS))
        return Item(FormerAddress._meta.label_lower, fields, self.at(ALIASES))

    def rest(self):
        """What of the front matter has not been read, as {key: where it stands}."""
        return {key: self.at(key) for key in self.matter}


def mappings(value, where):
    """The mappings of a list; none for nothing. Raises SourceError."""
    value = [] if value is None else value
    if not isinstance(value, list) or not all(isinstance(part, dict) for part in value):
        raise SourceError(f"{where} is no list of parts that have fields: write it as the others.")
    return [dict(part) for part in value]
