import os
import subprocess

import pytest

from socle.code_owners import is_owned_by_base
from socle.manifest import KNOWN_EDITS, MANIFEST, ROOT, main

FILES = {
    "socle/core/env.py": b"ENVIRONMENT = 'local'\n",
    "socle/core/static/favicon.ico": b"\0\1\r\n\2",
    "nginx/nginx.conf": b"worker_processes 2;\n",
    "cron/crontab": b"0 3 * * * app /cron/run backup\n",
    "cron/tasks/backup.sh": b"exec python manage.py backup\n",
    "web/config/urls.py": b"urlpatterns = []\n",
    ".gitignore": b"*.pyc\n",
    KNOWN_EDITS: b"# The project's own list.\n",
}


class Repository:
    """A small project with the base in it, and its manifest."""

    def __init__(self, root, capsys):
        self.root, self._capsys = root, capsys
        for path, content in FILES.items():
            self.put(path, content)

    def put(self, path, content):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_bytes(content)

    def run(self, *arguments):
        """The exit status, and what was said: one line."""
        status = main([*arguments], root=self.root)
        out, error = self._capsys.readouterr()
        assert bool(error) == (status != 0)
        (line,) = (out + error).splitlines()
        return status, line

    def check(self, *arguments):
        return self.run("--check", *arguments)

    def know(self, *lines):
        self.put(KNOWN_EDITS, "\n".join(lines).encode())


@pytest.fixture
def folder(tmp_path, monkeypatch, capsys):
    """Not yet a repository, and in none."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    monkeypatch.delenv("GIT_DIR", raising=False)
    root = tmp_path / "site"
    root.mkdir()
    return Repository(root, capsys)


@pytest.fixture
def repository(folder):
    subprocess.run(["git", "init", "--quiet", folder.root], check=True)
    assert folder.run("--write") == (0, f"{MANIFEST} names 4 files.")
    return folder


def test_the_manifest_names_the_bases_files_by_path_as_sha256sum_does(repository):
    lines = (repository.root / MANIFEST).read_text().splitlines()
    checked = subprocess.run(
        ["sha256sum", "--check", "--strict", MANIFEST], cwd=repository.root
    )

    assert [line.split("  ")[1] for line in lines] == [
        "cron/tasks/backup.sh",
        "nginx/nginx.conf",
        "socle/core/env.py",
        "socle/core/static/favicon.ico",
    ]
    assert checked.returncode == 0


def test_an_untouched_base_passes(repository):
    repository.put("web/config/urls.py", b"urlpatterns = [1]\n")
    repository.put("cron/tasks/ours.sh", b"exec true\n")
    repository.put("nginx/locations.d/ours.conf", b"location /ours/ {}\n")
    repository.put("socle/core/env.pyc", b"ignored by git")

    assert repository.check() == (
        0,
        "The base's 4 files are as socle/MANIFEST says, all of them.",
    )


def test_edited_files_are_named_with_what_to_do_instead(repository):
    repository.put("nginx/nginx.conf", b"worker_processes 4;\n")
    repository.put("socle/core/env.py", b"")

    assert repository.check() == (
        1,
        "2 files of the base were edited here: nginx/nginx.conf, socle/core/env.py. "
        "Undo it (git checkout VERSION -- FILE), use an extension point "
        "(socle/README.md), override the template, or name them in "
        "edited_base_files.txt with a reason. "
        "In Socle's own repository: python -m socle.manifest --write",
    )


def test_a_deleted_file_is_named(repository):
    (repository.root / "socle/core/env.py").unlink()

    status, said = repository.check()

    assert status == 1
    assert said.startswith(
        "1 file of the base was deleted here: socle/core/env.py. Undo it"
    )


def test_an_added_file_is_named_whether_git_knows_it_or_not(repository):
    repository.put("socle/core/ours.py", b"")
    repository.put("scripts/ours.sh", b"")
    subprocess.run(["git", "add", "scripts"], cwd=repository.root, check=True)

    status, said = repository.check()

    assert status == 1
    assert said.startswith(
        "2 files were added to the base here: scripts/ours.sh, socle/core/ours.py. "
        "Keep your own files outside of the base's folders (socle/README.md), or"
    )
    assert "Undo it" not in said


def test_line_ends_of_windows_are_no_edit_in_text_but_in_binary_files(repository):
    repository.put("nginx/nginx.conf", b"worker_processes 2;\r\n")
    manifest = (repository.root / MANIFEST).read_bytes()
    repository.put(MANIFEST, manifest.replace(b"\n", b"\r\n"))
    assert repository.check()[0] == 0

    repository.put("socle/core/static/favicon.ico", b"\0\1\n\2")

    assert "edited here: socle/core/static/favicon.ico." in repository.check()[1]


def test_a_manifest_written_on_windows_is_the_same(repository):
    manifest = (repository.root / MANIFEST).read_bytes()
    repository.put("nginx/nginx.conf", b"worker_processes 2;\r\n")

    repository.run("--write")

    assert (repository.root / MANIFEST).read_bytes() == manifest


def test_edits_with_a_reason_pass(repository):
    repository.put("nginx/nginx.conf", b"worker_processes 4;\n")
    repository.put("socle/core/ours.py", b"")
    (repository.root / "cron/tasks/backup.sh").unlink()
    repository.know(
        "nginx/nginx.conf  # four processors",
        "socle/core/ours.py # until the next version has it",
        "cron/tasks/backup.sh # the bank does it",
    )

    assert repository.check() == (
        0,
        "The base's 4 files are as socle/MANIFEST says, "
        "but for 3 in edited_base_files.txt.",
    )


@pytest.mark.parametrize("line", ["nginx/nginx.conf", "nginx/nginx.conf #"])
def test_an_edit_without_a_reason_is_asked_for_it(repository, line):
    repository.put("nginx/nginx.conf", b"worker_processes 4;\n")
    repository.know(line)

    assert repository.check() == (
        1,
        "edited_base_files.txt gives no reason (# ...) for 1 file: nginx/nginx.conf.",
    )


def test_a_known_edit_hides_no_other(repository):
    repository.put("nginx/nginx.conf", b"worker_processes 4;\n")
    repository.put("socle/core/env.py", b"")
    repository.know("nginx/nginx.conf # four processors")

    assert repository.check()[1].startswith(
        "1 file of the base was edited here: socle/core/env.py. "
    )


def test_a_line_about_a_file_that_is_not_edited_any_more_is_stale(repository):
    repository.know("nginx/nginx.conf # four processors", "socle/gone.py # ours")

    assert repository.check() == (
        1,
        "edited_base_files.txt names 2 files as edited that are not: "
        "nginx/nginx.conf, socle/gone.py. Take these lines out.",
    )


def test_a_line_about_a_file_of_the_projects_is_refused(repository):
    repository.know("cron/crontab # our nights")

    assert repository.check() == (
        1,
        "edited_base_files.txt names 1 file that the base does not own: "
        "cron/crontab. Take these lines out.",
    )


def test_a_project_without_a_list_has_no_known_edits(repository):
    (repository.root / KNOWN_EDITS).unlink()

    assert repository.check()[0] == 0


def test_long_lists_are_cut_off_unless_all_is_asked_for(repository):
    names = [f"socle/{number}.py" for number in range(8)]
    for name in names:
        repository.put(name, b"")

    short, long = repository.check()[1], repository.check("--verbose")[1]

    assert f"{', '.join(names[:5])} and 3 more (--verbose lists all). " in short
    assert names[5] not in short
    assert f"8 files were added to the base here: {', '.join(names)}. " in long


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "socle/MANIFEST cannot be read: No such file or directory."),
        (b"", "socle/MANIFEST, line 1 is not of sha256sum's format: ''."),
        (
            b"%s  nginx/nginx.conf\n<<<<<<< HEAD\n" % (b"0" * 64),
            "socle/MANIFEST, line 2 is not of sha256sum's format: '<<<<<<< HEAD'.",
        ),
    ],
)
def test_an_unreadable_manifest_says_how_to_get_it_back(repository, content, reason):
    (repository.root / MANIFEST).unlink()
    if content is not None:
        repository.put(MANIFEST, content)

    assert repository.check() == (
        1,
        f"{reason} Take the base's (git checkout VERSION -- socle/MANIFEST). "
        "In Socle's own repository: python -m socle.manifest --write",
    )


def test_writing_ends_a_conflict_in_the_manifest(repository):
    good = (repository.root / MANIFEST).read_bytes()
    repository.put(MANIFEST, b"<<<<<<< HEAD\n")

    repository.run("--write")

    assert (repository.root / MANIFEST).read_bytes() == good


def test_a_file_that_cannot_be_read_is_named(repository):
    (repository.root / KNOWN_EDITS).unlink()
    (repository.root / KNOWN_EDITS).mkdir()

    status, said = repository.check()

    assert status == 1
    assert said == f"{repository.root / KNOWN_EDITS}: Is a directory."


class TestWithoutGit:
    @pytest.fixture(params=["no program", "no repository"])
    def unversioned(self, request, repository, monkeypatch):
        if request.param == "no program":
            monkeypatch.setenv("PATH", os.fspath(repository.root))
            return repository, "git is not installed"
        (repository.root / ".git").rename(repository.root.parent / "elsewhere")
        return repository, "not a git repository"

    def test_edits_are_found_and_added_files_said_to_be_unknown(self, unversioned):
        repository, reason = unversioned
        repository.put("socle/core/ours.py", b"")
        repository.know("socle/core/ours.py # until the next version has it")

        status, said = repository.check()

        assert status == 0
        assert "Added files were not looked for:" in said
        assert reason in said

        repository.put("nginx/nginx.conf", b"")
        assert "was edited here: nginx/nginx.conf." in repository.check()[1]

    def test_no_manifest_is_written(self, unversioned):
        repository, reason = unversioned
        good = (repository.root / MANIFEST).read_bytes()
        repository.put("nginx/nginx.conf", b"")

        status, said = repository.run("--write")

        assert status == 1
        assert said.startswith("socle/MANIFEST was not written: without git")
        assert reason in said
        assert (repository.root / MANIFEST).read_bytes() == good


@pytest.mark.parametrize("arguments", [[], ["--check", "--write"]])
def test_one_action_must_be_named(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)

    assert ended.value.code == 2


@pytest.mark.parametrize(
    ("path", "owned"),
    [
        ("socle/core/static/site.css", True),
        ("cron/run", True),
        ("cron/runner/main.py", True),
        ("cron/tasks/drill.sh", True),
        ("cron/tasks/requeue_photos.sh", False),
        ("tests/scripts/test_lib.py", True),
        ("tests/browser/test_looks.py", False),
        ("deploy/monitoring/services.yml", True),
        ("deploy/ours.yml", False),
        ("docs/backups.md", True),
        ("docs/site.md", False),
        ("install_docker.sh", True),
        ("prod.yml", False),
        ("README.md", False),
    ],
)
def test_owners(path, owned):
    assert (ROOT / path).exists() or path == "deploy/ours.yml"
    assert is_owned_by_base(path) == owned
