from functools import reduce
from operator import or_

from django.db import models
from django.db.models import Q

from portfolio.models import Publishable, is_live

KINDS = ("role", "entry", "principle", "tool", "focus")


def only(kind):
    return Q(**{f"{other}__isnull": other != kind for other in KINDS})


class DocumentQuerySet(models.QuerySet):
    def live(self):
        """What the public may find now, by the items themselves: a document says nothing of it."""
        return self.filter(self.is_live())

    def is_live(self):
        """The same as a condition."""
        return reduce(
            or_,
            (
                is_live(f"{kind}__")
                if issubclass(model, Publishable)
                else Q(**{f"{kind}__isnull": False})
                for model, kind in Document.kinds().items()
            ),
        )


class Document(models.Model):
    """What search knows of one item: derived from it, and written with it by `index`."""

    # The index takes a document out itself, so that the admin need not speak of documents.
    role = models.OneToOneField("roles.Role", models.DO_NOTHING, null=True, related_name="+")
    entry = models.OneToOneField("journal.Entry", models.DO_NOTHING, null=True, related_name="+")
    principle = models.OneToOneField(
        "portfolio.Principle", models.DO_NOTHING, null=True, related_name="+"
    )
    tool = models.OneToOneField("portfolio.Tool", models.DO_NOTHING, null=True, related_name="+")
    focus = models.OneToOneField("portfolio.Focus", models.DO_NOTHING, null=True, related_name="+")
    title = models.CharField(max_length=300)
    text = models.TextField()

    objects = DocumentQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=reduce(or_, map(only, KINDS)), name="document_is_of_one_item"
            )
        ]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return self.item.get_absolute_url()

    @classmethod
    def kinds(cls):
        """The models that are found, each with the name of the relation to it."""
        return {cls._meta.get_field(kind).related_model: kind for kind in KINDS}

    @property
    def kind(self):
        return next(kind for kind in KINDS if getattr(self, f"{kind}_id") is not None)

    @property
    def item(self):
        return getattr(self, self.kind)


class Word(models.Model):
    """A word that some documents use, to correct and to compare by. Drafts' words are among them.

    One mistake leaves either the head or the tail of a word whole, so both find it.
    """

    text = models.CharField(max_length=64, unique=True)
    head = models.CharField(max_length=2, db_index=True)
    tail = models.CharField(max_length=2, db_index=True)
    documents = models.IntegerField()

    class Meta:
        default_permissions = ()

    def __str__(self):
        return self.text


class TermsField(models.TextField):
    """The column to search in: FTS5 names it after its table."""


class Terms(models.Model):
    """The terms of a document in the engine's own full-text table, which a migration makes."""

    document = models.OneToOneField(
        Document, models.DO_NOTHING, primary_key=True, db_column="rowid", related_name="terms"
    )
    search_terms = TermsField()

    class Meta:
        managed = False
        default_permissions = ()
        db_table = "search_terms"

    def __str__(self):
        return str(self.document)


@TermsField.register_lookup
class Match(models.Lookup):
    """Whether the terms match an expression in the engine's language, from `query.match`."""

    lookup_name = "match"
    template = "{} MATCH {}"

    def as_sql(self, compiler, connection):
        column, column_params = self.process_lhs(compiler, connection)
        expression, params = self.process_rhs(compiler, connection)
        return self.template.format(column, expression), [*column_params, *params]

    def as_postgresql(self, compiler, connection):
        self.template = "{} @@ {}::tsquery"
        return self.as_sql(compiler, connection)


@TermsField.register_lookup
class MatchTitle(Match):
    """Whether the terms of the title do. SQLite's language says that in the expression itself."""

    lookup_name = "match_title"

    def as_postgresql(self, compiler, connection):
        column, _ = self.process_lhs(compiler, connection)
        expression, params = self.process_rhs(compiler, connection)
        return f"{column.rpartition('.')[0]}.titles @@ {expression}::tsquery", params


class Rank(models.Func):
    """How far from the best match the terms are. A word in the title outweighs many in the text."""

    output_field = models.FloatField()

    def __init__(self, match, rows, title=False):
        """`match` is the expression of what is asked for, `rows` its `query.alternatives`.

        With `title` nothing but the title counts.
        """
        self.title = title
        asked = models.Value("|".join(map(",".join, rows)))
        super().__init__("terms__search_terms", models.Value(match), asked)

    def as_sqlite(self, compiler, connection, **context):
        # FTS5's own bm25 reads all that matches to tell how rare each word is.
        column, _, asked = self.get_source_expressions()
        sql, params = compiler.compile(column)
        table = sql.rpartition(".")[0]
        value, more = compiler.compile(asked)
        text = "''" if self.title else f"{table}.text"
        return f"search_rank({table}.title, {text}, {value})", [*params, *more]

    def as_postgresql(self, compiler, connection, **context):
        column, match, _ = self.get_source_expressions()
        sql, params = compiler.compile(column)
        if self.title:
            sql = f"{sql.rpartition('.')[0]}.titles"
        value, more = compiler.compile(match)
        # The weights of D (the text) to A (the title); 1 allows for the length of the document.
        return f"-ts_rank('{{0.02, 0, 0, 1}}', {sql}, {value}::tsquery, 1)", [*params, *more]


def rank(title, text, asked):
    """For SQLite: how far from the best match the terms of a title and a text are.

    What is asked for are terms in a row, between commas those of which any will do, with a `|`
    between these and the next. The measure is
    https://sqlite.org/fts5.html#the_bm25_function, but for how rare a word is.
    """
    title, text, total = f" {title} ", f" {text} ", 0
    # A word has two terms; 300 words are usual.
    length = 1.2 * (0.25 + 0.75 * (title.count(" ") + text.count(" ")) / 600)
    for either in asked.split("|"):
        either = [f" {row[:-1]}" if row.endswith("*") else f" {row} " for row in either.split(",")]
        times = sum(1000 * title.count(term) + text.count(term) for term in either)
        total += times * 2.2 / (times + length)
    return -total


def teach_sqlite(connection, **kwargs):
    """Receives `connection_created`: has SQLite know `rank`."""
    if connection.vendor == "sqlite":
        connection.connection.create_function("search_rank", 3, rank, deterministic=True)
