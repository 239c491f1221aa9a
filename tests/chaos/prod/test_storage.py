"""The bucket is away on the night when it is needed."""

import json

from case import Promise
from waiting import wait_until

MINUTES_5 = 300
NEWEST_RUN = """
    SELECT outcome, reason FROM backups_run WHERE kind = 'backup'
    ORDER BY started_at DESC LIMIT 1
"""


def test_a_night_without_a_bucket_is_told_and_the_next_one_works(site, case):
    words = "no error for visitors; the backup fails in words, the next one works"
    one = case("The storage is down during the nightly backup", Promise(words))
    with one.under_load():
        site.bucket.stop()
        try:
            failed = run_backup(site)
        finally:
            site.bucket.start()
        recorded = site.stack.sql(NEWEST_RUN)
        job = last_job(site)
        worked = run_backup(site)
    assert failed.returncode != 0, failed.stdout[-500:]
    said = failed.stdout + failed.stderr
    assert "Traceback" not in said, said[-1000:]
    assert site.bucket.address in said, f"it does not say what is away: {said[-500:]}"
    assert recorded.startswith("failed|"), recorded
    assert job["outcome"] == "failed", job
    assert worked.returncode == 0, (worked.stdout + worked.stderr)[-1000:]
    assert site.stack.sql(NEWEST_RUN).startswith("done|")
    one.note(f"it said: {recorded.partition('|')[2][:120]}")
    wait_until(
        lambda: last_job(site)["outcome"] == "ok", within=20, what="the record is good"
    )


def run_backup(site):
    """As cron runs it at night."""
    command = ("exec", "-T", "cron", "run", "backup")
    return site.stack.compose(*command, check=False, timeout=MINUTES_5)


def last_job(site) -> dict:
    lines = site.stack.inside("cron", "cat", "/var/lib/jobs/backup.jsonl")
    return json.loads(lines.splitlines()[-1])
