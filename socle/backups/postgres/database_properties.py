"""What belongs to a database as a whole, and is in no dump of its content."""

import re
from dataclasses import dataclass, field
from typing import Any

from psycopg2 import sql

from socle.backups.postgres.connection import MAINTENANCE, Database

# The value of these is a list of names, which a quoted string would make one name.
_LISTS = {"search_path", "temp_tablespaces", "local_preload_libraries"}
_ROW = """
    SELECT to_jsonb(d) || jsonb_build_object(
        'encoding', pg_encoding_to_char(d.encoding),
        'owner', pg_get_userbyid(d.datdba),
        'tablespace', (SELECT spcname FROM pg_tablespace t WHERE t.oid = dattablespace),
        'comment', shobj_description(d.oid, 'pg_database'))
    FROM pg_database d WHERE datname = %s
"""
_GRANTS = """
    SELECT CASE WHEN a.grantee = 0 THEN NULL ELSE pg_get_userbyid(a.grantee) END,
        a.privilege_type, a.is_grantable
    FROM pg_database d, aclexplode(d.datacl) a WHERE d.datname = %s
"""
_SETTINGS = """
    SELECT r.rolname, c.setting FROM pg_db_role_setting s
    JOIN pg_database d ON d.oid = s.setdatabase
    LEFT JOIN pg_roles r ON r.oid = s.setrole, unnest(s.setconfig) AS c(setting)
    WHERE d.datname = %s
"""
_PROVIDERS = {"b": "builtin", "c": "libc", "i": "icu"}


@dataclass(frozen=True)
class Traits:
    row: dict[str, Any]
    grants: list[tuple[str | None, str, bool]] = field(default_factory=list)
    settings: list[tuple[str | None, str]] = field(default_factory=list)
    """(role or None for all, "name=value")."""


def traits_of(database: Database) -> Traits | None:
    """None when there is no such database."""
    with (
        database.named(MAINTENANCE).connect() as connection,
        connection.cursor() as cursor,
    ):

        def rows(query: str) -> list[tuple]:
            cursor.execute(query, (database.name,))
            return cursor.fetchall()

        found = rows(_ROW)
        if not found:
            return None
        return Traits(found[0][0], rows(_GRANTS), rows(_SETTINGS))


def creation(name: str, traits: Traits | None) -> sql.Composable:
    """CREATE DATABASE with the encoding and the locale of the other one."""
    words: list[sql.Composable] = [
        sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name))
    ]
    for word, value in _locale(traits.row).items() if traits else ():
        words.append(sql.SQL(word + " = {}").format(sql.Literal(value)))
    if traits:
        space = sql.Identifier(traits.row["tablespace"])
        words.append(sql.SQL("TABLESPACE = {}").format(space))
    return sql.SQL(" ").join(words)


def _locale(row: dict[str, Any]) -> dict[str, str]:
    """Each major of Postgres knows some words more than the one before."""
    provider = _PROVIDERS[row.get("datlocprovider", "c")]
    locale = row.get("datlocale") or row.get("daticulocale")
    words = {
        "ENCODING": row["encoding"],
        "LC_COLLATE": row["datcollate"],
        "LC_CTYPE": row["datctype"],
    }
    if "datlocprovider" in row:  # template0 may have another one
        words["LOCALE_PROVIDER"] = provider
    if locale and provider != "libc":
        words["ICU_LOCALE" if provider == "icu" else "BUILTIN_LOCALE"] = locale
    if row.get("daticurules"):
        words["ICU_RULES"] = row["daticurules"]
    return words


def give(database: Database, traits: Traits) -> None:
    """
    Owner, limits, privileges, settings and comment, as the other database has them.

    Last of all before a swap: a setting like default_transaction_read_only must not
    hinder the restore itself.
    """
    name = sql.Identifier(database.name)
    with (
        database.named(MAINTENANCE).connect(autocommit=False) as connection,
        connection.cursor() as cursor,
    ):
        for role, setting in traits.settings:
            _set(cursor, name=name, role=role, setting=setting)
        for statement in _statements(name, traits):
            cursor.execute(statement)
        connection.commit()


def _statements(name: sql.Composable, traits: Traits) -> list[sql.Composable]:
    row, owner = traits.row, sql.Identifier(traits.row["owner"])
    alter = sql.SQL("ALTER DATABASE {} ").format(name)
    found = [
        alter + sql.SQL("CONNECTION LIMIT {}").format(sql.Literal(row["datconnlimit"])),
        sql.SQL("COMMENT ON DATABASE {} IS {}").format(
            name, sql.Literal(row["comment"])
        ),
        alter + sql.SQL("OWNER TO {}").format(owner),
    ]
    if row["datacl"] is not None:
        on = sql.SQL("ON DATABASE {} ").format(name)
        nobody = sql.SQL("REVOKE ALL ") + on + sql.SQL("FROM PUBLIC, {}").format(owner)
        found += [nobody, *(_grant(on, grant) for grant in traits.grants)]
    return found


def _grant(on: sql.Composable, grant: tuple[str | None, str, bool]) -> sql.Composable:
    role, privilege, is_grantable = grant
    if not re.fullmatch("[A-Z ]+", privilege):
        raise ValueError(f"{privilege!r} is no privilege.")
    to = sql.SQL("PUBLIC") if role is None else sql.Identifier(role)
    option = " WITH GRANT OPTION" if is_grantable else ""
    return sql.SQL(f"GRANT {privilege} ") + on + sql.SQL("TO ") + to + sql.SQL(option)


def _set(cursor: Any, *, name: sql.Composable, role: str | None, setting: str) -> None:
    variable, _, value = setting.partition("=")
    whose = sql.SQL("ALTER DATABASE {} ").format(name)
    if role is not None:
        whose = sql.SQL("ALTER ROLE {} IN DATABASE {} ").format(
            sql.Identifier(role), name
        )
    named = sql.SQL("SET {} ").format(
        sql.SQL(".").join(sql.Identifier(part) for part in variable.split("."))
    )
    if variable in _LISTS:
        cursor.execute("SELECT set_config(%s, %s, true)", (variable, value))
        cursor.execute(whose + named + sql.SQL("FROM CURRENT"))
    else:
        cursor.execute(whose + named + sql.SQL("TO {}").format(sql.Literal(value)))
