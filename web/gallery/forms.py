from django import forms
from django.utils.translation import gettext_lazy as _

from gallery.models import Gallery


class GalleryForm(forms.ModelForm):
    class Meta:
        model = Gallery
        fields = ["name", "description", "event_date", "visibility"]
        widgets = {
            "event_date": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        }
        help_texts = {
            "description": _("What there is to see. It is shown above the photos."),
            "event_date": _("Optional; for the search by year."),
        }
