from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from socle.core.redaction import without_secrets


class LetterNotSent(OSError):
    """
    What the mail server or the way to it said, without anybody's address: Flower shows
    what a task has failed with. To be tried again.
    """

    def __init__(self, error: OSError):
        super().__init__(f"{type(error).__name__}: {without_secrets(str(error))}")


class AccountError(Exception):
    """
    What an account cannot be made with or may not do, in a sentence for its reader.

    `code` is for programs: the API answers with it.
    """

    code = "account_error"
    sentence: str | Promise = ""

    def __init__(self, sentence: str = ""):
        super().__init__(sentence or self.sentence)

    def __str__(self):
        return str(self.args[0])


class WeakPassword(AccountError):
    """Refused by the password rules; the text quotes each."""

    code = "weak_password"


class WrongCredentials(AccountError):
    code = "wrong_credentials"
    sentence = _(
        "The e-mail address or the password is wrong. Capital letters count in "
        "passwords."
    )


class LockedOut(AccountError):
    code = "locked_out"
    sentence = _(
        "After too many wrong passwords this address cannot sign in from here for 15 "
        "minutes. An administrator can open it sooner."
    )


class LinkExpired(AccountError):
    """Of a reset or an invitation: used, too old, replaced or mistyped."""

    code = "link_expired"
    sentence = _("This link was used, is too old, or was replaced by a newer one.")


class InvitationExpired(AccountError):
    """Of the right form, and too old."""

    code = "invitation_expired"
    sentence = _("This invitation has expired. Ask who invited you for a new one.")


class HasAccount(AccountError):
    code = "has_account"
    sentence = _("There is an account with this address already.")


class RoleNotAllowed(AccountError):
    code = "role_not_allowed"
    sentence = _("You may only give roles whose rights you have yourself.")


class TooManyLetters(AccountError):
    code = "too_many_letters"
    sentence = _("Too many e-mails were asked for. Try again in an hour.")


class MailUnavailable(AccountError):
    """Nobody can be written to: no EMAIL_URL, or no broker to take the task."""

    code = "mail_unavailable"
    sentence = _("The site cannot send e-mail now. Try again in a few minutes.")
