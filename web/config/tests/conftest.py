from socle.operations.tests.store import nothing_remembered, store  # noqa: F401
