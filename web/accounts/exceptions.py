class AccountError(Exception):
    """What an account cannot be made with, in a sentence for its reader."""


class WeakPassword(AccountError):
    """Refused by the password rules; the text quotes each."""
