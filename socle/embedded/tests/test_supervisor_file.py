import shlex
from configparser import RawConfigParser
from pathlib import Path

from socle.embedded.layout import LONGEST_FOLDER_OF_SOCKETS, Layout
from socle.embedded.programs import Program
from socle.embedded.supervisor_file import supervisor_file


def parsed(*programs):
    layout = Layout(root=Path("/a b/100%"), database=Path("/d"), run=Path("/r"))
    text = supervisor_file([*programs], layout=layout, socket=Path("/r/s"))
    parser = RawConfigParser()
    parser.read_string(text)
    return parser


def program(name, *words):
    return Program(name, name, [*words], Path("/"), lambda: True)


def test_programs_stop_in_the_reverse_of_their_order():
    parser = parsed(program("postgres"), program("web"), program("worker"))
    names = ("program:postgres", "program:web", "program:worker")
    priorities = [int(parser[name]["priority"]) for name in names]
    assert priorities == sorted(set(priorities))


def test_nothing_starts_before_it_is_told_to():
    assert parsed(program("web"))["program:web"]["autostart"] == "false"


def test_blanks_and_percent_signs_reach_the_program():
    command = parsed(program("web", "run", "/a b/100%"))["program:web"]["command"]
    assert shlex.split(command.replace("%%", "%")) == ["run", "/a b/100%"]
    assert "%%" in command


def test_a_long_path_gets_its_sockets_elsewhere(tmp_path):
    short = Layout.make(tmp_path, account=None)
    assert short.run == tmp_path / ".local" / "run"
    deep = tmp_path / ("a" * LONGEST_FOLDER_OF_SOCKETS)
    deep.mkdir()
    run = Layout.make(deep, account=None).run
    try:
        assert len(str(run)) < LONGEST_FOLDER_OF_SOCKETS
        assert run.stat().st_mode & 0o777 == 0o700
    finally:
        run.rmdir()
