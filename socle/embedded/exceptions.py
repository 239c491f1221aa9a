"""What can go wrong with the parts that run without Docker."""


class LocalError(Exception):
    """A part cannot run here. The text says what happened and what to do next."""


class NotReady(LocalError):
    """A program did not answer its probe in time, or ended before it did."""
