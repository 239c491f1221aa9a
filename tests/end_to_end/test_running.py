"""What ops do with the running stack: stop it, install it once more."""

KILLED = 137


def test_stop_has_to_kill_nobody(stack):
    stack.compose("stop")
    listed = stack.compose("ps", "--all", "--format", "{{.Service}} {{.ExitCode}}")
    stack.compose("start")
    stack.wait_until_ready()

    killed = [line for line in listed.stdout.splitlines() if str(KILLED) in line]
    assert killed == []


def test_a_second_installation_keeps_what_is_there(stack, admin, gallery):
    env = (stack.folder / ".env").read_text()
    password = stack.admin.password

    done = stack.run("./install_docker.sh", timeout=300)

    assert (stack.folder / ".env").read_text() == env
    assert stack.admin.password == password
    assert password not in done.stdout + done.stderr
    assert admin.photos(gallery) == {}  # still signed in, the gallery is still there
