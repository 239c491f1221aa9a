"""Code owners: which files are the base's and which are the project's."""

from fnmatch import fnmatchcase

BASE, PROJECT = "base", "project"
# The last line that matches a path decides; `*` reaches into folders. Tasks of cron are
# named one by one, so that a project adds its own beside them.
OWNERS = (
    ("*", PROJECT),
    ("socle/*", BASE),
    ("nginx/*", BASE),
    ("nginx/locations.d/*", PROJECT),
    ("cron/*", BASE),
    ("cron/crontab", PROJECT),
    ("cron/tasks/*", PROJECT),
    ("cron/tasks/TEMPLATE.sh", BASE),
    ("cron/tasks/asked_backup.sh", BASE),
    ("cron/tasks/backup.sh", BASE),
    ("cron/tasks/backup_age.sh", BASE),
    ("cron/tasks/check_site.sh", BASE),
    ("cron/tasks/clean_temporary.sh", BASE),
    ("cron/tasks/drill.sh", BASE),
    ("cron/tasks/flush_tokens.sh", BASE),
    ("cron/tasks/sweep_files.sh", BASE),
    ("certbot/*", BASE),
    ("scripts/*", BASE),
    ("bench/*", BASE),
    ("deploy/monitoring/*", BASE),
    ("tests/*", BASE),
    ("tests/browser/*", PROJECT),
    # From the sign-in to the photo on the screen: of the sample gallery.
    ("tests/end_to_end/test_media.py", PROJECT),
    ("tests/end_to_end/test_site.py", PROJECT),
    ("pytest.ini", BASE),
    ("services.yml", BASE),
    (".dockerignore", BASE),
    ("google_storage.sh", BASE),
    ("install_docker.sh", BASE),
    ("install_local.sh", BASE),
    ("run_tests.sh", BASE),
    ("start_project.sh", BASE),
    ("update_project.sh", BASE),
    ("README_install_base_project.md", BASE),
    # docs/reliability.md is the project's: its own runs of --reliability write it.
    ("docs/decisions/*", BASE),
    ("docs/backups.md", BASE),
    ("docs/cron.md", BASE),
    ("docs/health.md", BASE),
    ("docs/https.md", BASE),
    ("docs/monitoring.md", BASE),
    ("docs/troubleshooting.md", BASE),
)


def is_owned_by_base(path: str) -> bool:
    """Whether an update may replace `path`, which is from the root, with `/`."""
    owners = (owner for glob, owner in reversed(OWNERS) if fnmatchcase(path, glob))
    return next(owners) == BASE
