import json
import sys

from django.core.management.base import BaseCommand

from socle.core.health.check_runner import ask_all
from socle.core.health.results import CheckState, Fact

# Longer than a page waits: somebody looks for the cause, and every answer is new.
PATIENCE_SECONDS = 8.0
SIGNS = {CheckState.OK: "✓ ok  ", CheckState.WARN: "! warn", CheckState.FAIL: "✗ FAIL"}


class Command(BaseCommand):
    help = "Say how the site is, and what to do; exit status 1 if something fails."
    requires_system_checks = []  # it must answer when little else does

    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *, json, **options):
        facts = ask_all(anew=True, patience_seconds=PATIENCE_SECONDS)
        self.stdout.write(as_json(facts) if json else as_lines(facts))
        if any(fact.state == CheckState.FAIL for fact in facts):
            sys.exit(1)


def as_json(facts: list[Fact]) -> str:
    values = [
        {
            "name": fact.name,
            "state": fact.state,
            "says": str(fact.says),
            "todo": str(fact.todo),
        }
        for fact in facts
    ]
    return json.dumps({"facts": values}, ensure_ascii=False)


def as_lines(facts: list[Fact]) -> str:
    lines = []
    for fact in facts:
        lines.append(f"{SIGNS[fact.state]}  {fact.name:<12} {fact.says}")
        if fact.todo:
            lines.append(f"{'':<21} → {fact.todo}")
    return "\n".join(lines)
