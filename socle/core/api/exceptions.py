from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException


class BodyTooLarge(APIException):
    status_code = 413
    default_code = "body_too_large"

    def __init__(self) -> None:
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        message = _("A body that is no upload has at most %(most)s bytes.")
        super().__init__(message % {"most": most})
