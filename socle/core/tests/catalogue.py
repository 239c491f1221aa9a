"""
The French catalogue: what the code says, and what locale/fr says for it.

After a change of words, from web/, with what the tests need installed:

    python -m socle.core.tests.catalogue

It writes new messages into django.po, to be translated there, and compiles django.mo.
Neither needs gettext's own programs; the site needs only django.mo.
"""

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from socle.core.project_apps import project_apps

REPOSITORY = Path(__file__).resolve().parents[3]
WEB = REPOSITORY / "web"
OWN_APPS = [f"web/{app}" for app in project_apps(WEB / "config/settings.py")]
APPS = ("web/config", "web/templates", *OWN_APPS, "socle")
FOLDER = WEB / "locale" / "fr" / "LC_MESSAGES"
PO, MO = FOLDER / "django.po", FOLDER / "django.mo"
FIRST_WRITTEN = datetime(2026, 11, 21, tzinfo=UTC)
KEYWORDS = DEFAULT_KEYWORDS | {
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}


STRING = r"""u?(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')"""
CALL = re.compile(rf"(?:_|n?p?gettext)\((?:\s*{STRING}\s*,?)+(?:\s*count)?\s*\)")


def sources() -> Iterator[Path]:
    for app in APPS:
        for path in sorted((REPOSITORY / app).rglob("*")):
            is_ours = not {"tests", "migrations"} & set(path.parts)
            is_template = "templates" in path.parts and path.suffix in {".html", ".txt"}
            if is_ours and (path.suffix == ".py" or is_template):
                yield path


def extracted() -> Catalog:
    """All messages of the code and the templates, without translations."""
    from django.utils.translation.template import templatize

    catalogue = Catalog(locale="fr", domain="django", fuzzy=False)
    for path in sources():
        text = path.read_text()
        if path.suffix != ".py":  # the calls alone: the rest of it is no Python
            text = "\n".join(CALL.findall(templatize(text)))
        keywords = list(KEYWORDS)
        for _line, function, messages, _comments in extract_python(
            io.BytesIO(text.encode()), keywords, [], {"encoding": "utf-8"}
        ):
            add(catalogue, function, messages, path=path)
    return catalogue


def add(catalogue: Catalog, function: str, messages, *, path: Path) -> None:
    texts = list(messages) if isinstance(messages, tuple) else [messages]
    context = texts.pop(0) if "pgettext" in function else None
    texts = texts[:2] if function.startswith("n") else texts[:1]
    if not all(isinstance(text, str) for text in texts):
        return  # made of something else than words
    wanted = tuple(texts) if len(texts) == 2 else texts[0]
    python = isinstance(wanted, str) and "%(" in wanted
    catalogue.add(
        wanted,
        context=context,
        locations=[(str(path.relative_to(REPOSITORY)), 0)],
        flags=["python-format"] if python else [],
    )


def written() -> Catalog:
    with PO.open("rb") as file:
        return read_po(file, locale="fr", domain="django")


def compiled(catalogue: Catalog) -> bytes:
    buffer = io.BytesIO()
    write_mo(buffer, catalogue)
    return buffer.getvalue()


def update() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    catalogue = written() if PO.exists() else Catalog(locale="fr", domain="django")
    catalogue.update(extracted(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    catalogue.fuzzy = False
    catalogue.header_comment = "# French. After a change: core/tests/catalogue.py."
    catalogue.project, catalogue.version = "The site", "1"
    catalogue.creation_date = FIRST_WRITTEN  # the same words make the same file
    with PO.open("wb") as file:
        write_po(
            file,
            catalogue,
            width=88,
            sort_output=True,
            include_lineno=False,
            omit_header=False,
        )
    MO.write_bytes(compiled(written()))


if __name__ == "__main__":
    update()
