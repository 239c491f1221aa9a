"""What deploy/monitoring/ watches, asked of Prometheus' own tool and of our code."""

import json
import re
import shutil
import subprocess

import pytest
import yaml
from compose_files import REPOSITORY

FOLDER = REPOSITORY / "deploy/monitoring"
RULES = FOLDER / "prometheus/rules/site.yml"
CODE = ("socle/core/metrics/*.py", "socle/backups/metrics.py", "web/gallery/metrics.py")
# Prometheus makes them itself, Flower tells them.
FOREIGN = {"up", "ALERTS", "flower_events_total", "flower_task_runtime_seconds"}
PARTS_OF_A_HISTOGRAM = re.compile(r"_(bucket|sum|count)$")
WORD = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
IN_BRACES = re.compile(r"\{[^}]*\}|\[[^]]*\]|\b(?:by|on|without) \([^)]*\)")
OF_PROMQL = {"absent", "and", "changes", "clamp_min", "count", "deriv"}
OF_PROMQL |= {"histogram_quantile", "increase", "max", "min", "on", "or", "rate"}
OF_PROMQL |= {"sum", "time", "topk", "unless", "vector"}


def alerts() -> list[dict]:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def dashboard() -> dict:
    return json.loads((FOLDER / "grafana/dashboards/site.json").read_text())


def queries() -> dict[str, str]:
    """All of them, by who asks."""
    found = {rule["alert"]: rule["expr"] for rule in alerts()}
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", []):
            name = f"{panel['title']} {target['refId']}"
            found[name] = target["expr"].replace("$__rate_interval", "1m")
    return found


def metrics_of(query: str) -> set[str]:
    words = set(WORD.findall(IN_BRACES.sub(" ", query))) - OF_PROMQL
    return {PARTS_OF_A_HISTOGRAM.sub("", word) for word in words}


@pytest.mark.parametrize(("name", "query"), queries().items())
def test_what_is_asked_for_is_told(name, query):
    code = "".join(
        path.read_text() for pattern in CODE for path in REPOSITORY.glob(pattern)
    )
    told = set(re.findall(r'"([a-z_]+)"', code)) | FOREIGN

    assert metrics_of(query) - told == set()


@pytest.fixture(scope="module")
def promtool():
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not on this machine (Debian: apt install prometheus)")

    def run(*arguments):
        done = subprocess.run(
            ["promtool", *arguments],
            cwd=FOLDER,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return done.returncode, done.stdout + done.stderr

    return run


def test_prometheus_reads_its_settings(promtool):
    status, said = promtool("check", "config", "prometheus/prometheus.yml")

    assert status == 0, said
    assert "15 rules found" in said


def test_each_alert_comes_when_it_should_and_only_then(promtool):
    status, said = promtool("test", "rules", "tests/site.yml")

    assert status == 0, said


def test_no_alert_is_left_untried():
    tried = yaml.safe_load((FOLDER / "tests/site.yml").read_text())["tests"]
    seen = {
        test["alertname"]
        for each in tried
        for test in each.get("alert_rule_test", [])
        if test["exp_alerts"]
    }

    assert seen == {rule["alert"] for rule in alerts()}


def test_prometheus_understands_each_query(promtool, tmp_path):
    rules = [
        {"record": f"asked:q{number}", "expr": query}
        for number, query in enumerate(queries().values())
    ]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "all", "rules": rules}]}))

    status, said = promtool("check", "rules", str(file))

    assert status == 0, said


def test_the_dashboard_can_be_laid_out():
    panels = dashboard()["panels"]

    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (x, y)
        for panel in panels
        for at in [panel["gridPos"]]
        for x in range(at["x"], at["x"] + at["w"])
        for y in range(at["y"], at["y"] + at["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24
