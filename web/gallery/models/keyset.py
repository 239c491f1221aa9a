from django.db.models import BooleanField, F, Field, Func, QuerySet, Value


class RowComparison(Func):
    """(a, b) > (x, y): to Postgres one range of an index over (a, b)."""

    output_field = BooleanField()

    def __init__(self, fields, values, *, operator):
        super().__init__(*fields, *values)
        self.operator, self.width = operator, len(fields)

    def as_sql(self, compiler, connection):
        parts = [compiler.compile(part) for part in self.source_expressions]
        left = ", ".join(sql for sql, _params in parts[: self.width])
        right = ", ".join(sql for sql, _params in parts[self.width :])
        params = [value for _sql, values in parts for value in values]
        return f"(({left}) {self.operator} ({right}))", params


def rows_after(
    rows: QuerySet, fields: list[Field], values: list, *, operator: str = ">"
) -> QuerySet:
    """Those behind the row with these `values` of `fields`; with "<" those before."""
    names = [F(field.name) for field in fields]
    wanted = [
        Value(value, output_field=field)
        for field, value in zip(fields, values, strict=True)
    ]
    return rows.filter(RowComparison(names, wanted, operator=operator))
