"""Querysets that Django turns into SQL once: for each page anew, that was a third of its time."""

from copy import copy
from datetime import UTC, datetime

from django.db import connections
from django.utils import timezone

from .months import Month

# These stand in such a queryset for the time and the month of asking.
ASKED_AT, ASKED_IN = datetime.max.replace(tzinfo=UTC), Month(1000, 1)


class Compiled:
    """Asks again and again what a queryset asks, such as `Role.objects.live(ASKED_AT)`.

    It reaches below Django's documented interface: a query's compiler has the SQL and reads rows.
    """

    def __init__(self, queryset):
        self.queryset, self.compilers = queryset, {}

    def __call__(self):
        """The items, in a list, since it is too late to narrow what is asked."""
        queryset = self.queryset.all()
        queryset.query.get_compiler = self._compiler
        return [*queryset]

    def _compiler(self, using):
        if using not in self.compilers:
            self.compilers[using] = self._compile(using)
        known, (sql, parameters) = self.compilers[using]
        compiler, compiler.connection = copy(known), connections[using]
        now = asked(compiler.connection.ops)
        parameters = tuple(now.get(each, each) for each in parameters)
        compiler.as_sql = lambda: (sql, parameters)
        return compiler

    def _compile(self, using):
        # A clone, as two threads may do this at once.
        compiler = self.queryset.query.clone().get_compiler(using)
        sql = compiler.as_sql()
        # It is one thread's, and stays open for as long as something holds it.
        compiler.connection = None
        return compiler, sql


def asked(ops):
    """What the parameters that stand for now are now, as the database has them."""
    time, month = ops.adapt_datetimefield_value, ops.adapt_datefield_value
    return {
        time(ASKED_AT): time(timezone.now()),
        month(ASKED_IN.first_day): month(Month.now().first_day),
    }
