"""Functions that find other objects only by search_path, where a restore calls them."""

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

# By what a restore computes: generated columns, indexes, checks, materialized views.
_USES = """
    SELECT d.refobjid, min(pg_describe_object(d.classid, d.objid, d.objsubid))
    FROM pg_depend d
    LEFT JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
    LEFT JOIN pg_attrdef f ON d.classid = 'pg_attrdef'::regclass AND f.oid = d.objid
    LEFT JOIN pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum
    LEFT JOIN pg_rewrite w ON d.classid = 'pg_rewrite'::regclass AND w.oid = d.objid
    LEFT JOIN pg_class v ON v.oid = w.ev_class
    WHERE d.refclassid = 'pg_proc'::regclass AND (
        c.relkind IN ('i', 'I') OR a.attgenerated = 's' OR v.relkind = 'm'
        OR d.classid = 'pg_constraint'::regclass)
    GROUP BY 1
"""
_FUNCTIONS = """
    SELECT p.oid, n.nspname, p.proname,
        format('%I.%I(%s)', n.nspname, p.proname,
            pg_get_function_identity_arguments(p.oid)),
        CASE WHEN l.lanname IN ('c', 'internal')
              OR p.proconfig::text ~ 'search_path=' THEN '' ELSE p.prosrc END
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    JOIN pg_language l ON l.oid = p.prolang
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND NOT EXISTS (SELECT 1 FROM pg_proc b WHERE b.proname = p.proname
          AND b.pronamespace = 'pg_catalog'::regnamespace)
"""
_RELATIONS = """
    SELECT n.nspname, c.relname FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
      AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
"""
_SILENT = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'", re.DOTALL)
_CALL = re.compile(r'(?<![\w.$"])(?:(\w+)\.)?([a-z_][\w$]*)\s*\(', re.IGNORECASE)
_TABLE = re.compile(
    r"\b(?:from|join|into|update)\s+(?:only\s+)?([a-z_][\w$]*)(?![\w$]|\s*[.(])",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Function:
    oid: int
    schema: str
    name: str
    signature: str
    source: str
    """Empty where it has a search_path of its own, or needs none."""


def functions_by_search_path(cursor: Any) -> list[str]:
    """
    A sentence about each. What is written in a function is only guessed at: one that
    puts names together is not found.
    """
    cursor.execute(_USES)
    uses = dict(cursor.fetchall())
    cursor.execute(_FUNCTIONS)
    functions = [Function(*row) for row in cursor.fetchall()]
    cursor.execute(_RELATIONS)
    tables: dict[str, set[str]] = defaultdict(set)
    for schema, table in cursor.fetchall():
        tables[table].add(schema)
    by_name: dict[str, list[Function]] = defaultdict(list)
    for function in functions:
        by_name[function.name].append(function)
    return [
        _sentence(function, by=by, names=names)
        for function, by in _reached(functions, uses=uses, by_name=by_name)
        if (names := _names(function, by_name=by_name, tables=tables))
    ]


def _reached(
    functions: list[Function],
    *,
    uses: dict[int, str],
    by_name: dict[str, list[Function]],
) -> list[tuple[Function, str]]:
    """Those that are used, and those that they call in turn."""
    waiting = [(one, uses[one.oid]) for one in functions if one.oid in uses]
    found: dict[Function, str] = {}
    while waiting:
        function, by = waiting.pop()
        if function in found:
            continue
        found[function] = by
        for _, name in _CALL.findall(_spoken(function)):
            waiting += [(one, by) for one in by_name.get(name.lower(), ())]
    return sorted(found.items(), key=lambda pair: pair[0].signature)


def _names(
    function: Function,
    *,
    by_name: dict[str, list[Function]],
    tables: dict[str, set[str]],
) -> dict[str, set[str]]:
    """What it names without a schema, with the schemas that have such a thing."""
    found: dict[str, set[str]] = {}
    spoken = _spoken(function)
    for schema, name in _CALL.findall(spoken):
        if not schema and name.lower() in by_name:
            found[name.lower()] = {one.schema for one in by_name[name.lower()]}
    for name in _TABLE.findall(spoken):
        if name.lower() in tables:
            found[name.lower()] = tables[name.lower()]
    return found


def _spoken(function: Function) -> str:
    return _SILENT.sub(" ", function.source)


def _sentence(function: Function, *, by: str, names: dict[str, set[str]]) -> str:
    schemas = ", ".join(sorted(set().union(*names.values())))
    return (
        f"The function {function.signature}, which {by} needs, names "
        f"{', '.join(sorted(names))} without a schema. A plain pg_restore stops there; "
        "a restore here takes a second try. Run: ALTER FUNCTION "
        f"{function.signature} SET search_path = {schemas}, pg_temp;"
    )
