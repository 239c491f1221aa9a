from django import forms
from django.utils.translation import gettext_lazy as _

from gallery.models import Gallery


class GalleryForm(forms.ModelForm):
    class Meta:
        model = Gallery
        fields = [
            "name",
            "description",
            "event_date",
            "visibility",
            "shows_locations",
        ]
        widgets = {
            "event_date": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        }
        help_texts = {
            "description": _("What there is to see. It is shown above the photos."),
            "event_date": _("Optional; for the search by year."),
            "shows_locations": _(
                "Off: what others download does not say where it was taken, even if "
                "the camera or phone noted that in the file. You and the moderators "
                "always get the originals."
            ),
        }
