"""Which facts about the site somebody should be told of; cron asks each hour."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from socle.core.health.check_runner import ask_all
from socle.core.health.results import CheckState

PATIENCE_SECONDS = 15
WARNING_MAY_LAST = timedelta(days=1)


class SiteSilent(Exception):
    """The site itself does not answer."""


@dataclass(frozen=True)
class Told:
    name: str
    state: str
    says: str


@dataclass(frozen=True)
class SiteVerdict:
    facts: list[Told]
    failing: list[Told]
    """Those that somebody should look at, now."""
    warned_since: dict[str, str]
    """To be handed in the next time: since when each warning is there, as ISO 8601."""


def facts_of_this_process() -> list[Told]:
    facts = ask_all(anew=True, patience_seconds=PATIENCE_SECONDS)
    return [Told(fact.name, fact.state, str(fact.says)) for fact in facts]


def facts_of_site(url: str) -> list[Told]:
    """
    What /health/ready at `url` says: `web` sees more than other containers do, such as
    nginx' certificate. Raises SiteSilent.
    """
    request = Request(url, headers={"Host": "127.0.0.1"})  # always an allowed host
    try:
        with urlopen(request, timeout=PATIENCE_SECONDS) as response:
            text = response.read()
    except HTTPError as error:
        text = error.read()
    except (URLError, OSError) as error:
        raise SiteSilent(f"The site does not answer at {url}: {error}") from error
    try:
        checks = json.loads(text)["checks"].items()
        return [Told(name, fact["state"], fact["says"]) for name, fact in checks]
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise SiteSilent(
            f"{url} answers, but not as the site does: {text[:200]!r}"
        ) from error


def judge(
    facts: list[Told], *, warned_since: dict[str, str], now: datetime
) -> SiteVerdict:
    """
    A fact that fails is told each time. A warning has a day to heal; after it, it is
    told once for each further day.
    """
    failing: list[Told] = []
    since: dict[str, str] = {}
    for fact in facts:
        if fact.state == CheckState.FAIL:
            failing.append(fact)
        elif fact.state == CheckState.WARN:
            began = _moment(warned_since.get(fact.name, ""), now=now)
            if now - began >= WARNING_MAY_LAST:
                failing.append(fact)
                began = now
            since[fact.name] = began.isoformat()
    return SiteVerdict(facts, failing, since)


def read_warned(path: Path | None) -> dict[str, str]:
    """Nothing where there is no such file, or another one."""
    try:
        found = json.loads(path.read_text()) if path else {}
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_warned(path: Path | None, warned_since: dict[str, str]) -> None:
    if path:
        path.write_text(json.dumps(warned_since))


def _moment(words: object, *, now: datetime) -> datetime:
    """`now` for what is no moment, or lies ahead after a jump of the clock."""
    try:
        moment = datetime.fromisoformat(str(words))
        return min(moment, now)
    except (ValueError, TypeError):
        return now
