"""Installing where it is installed already."""


def test_a_second_installation_keeps_what_is_there(stack, admin, gallery):
    env = (stack.folder / ".env").read_text()
    password = stack.admin.password

    said = stack.install()

    assert (stack.folder / ".env").read_text() == env
    assert stack.admin.password == password
    assert password not in said
    assert admin.photos(gallery) == {}  # still signed in, the gallery is still there
