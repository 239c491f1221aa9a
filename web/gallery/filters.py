"""What the API's lists can be narrowed by. A value that makes no sense is a 400."""

import django_filters as filters
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema_field

from gallery.models import Gallery, Photo
from gallery.models.search import search_query

LONGEST_SEARCH = 100


class QuickFilters(DjangoFilterBackend):
    """Does nothing for a list that is asked for whole, as most are."""

    def filter_queryset(self, request, queryset, view):
        names = view.filterset_class.base_filters
        if not any(request.GET.get(name) for name in names):
            return queryset
        return super().filter_queryset(request, queryset, view)


@extend_schema_field({"type": "integer", "minimum": 1, "maximum": 9998})
class YearFilter(filters.NumberFilter):
    def __init__(self, **options):
        super().__init__(min_value=1, max_value=9998, decimal_places=0, **options)


class WordsFilter(filters.CharFilter):
    """Rows with each of the words, or with words that begin so."""

    def __init__(self, **options):
        super().__init__(max_length=LONGEST_SEARCH, **options)

    def filter(self, rows, text):
        query = search_query(text or "")
        return rows if query is None else rows.filter(search=query)


class GalleryFilters(filters.FilterSet):
    search = WordsFilter(label=_("Beginnings of words in name and description."))
    year = YearFilter(
        method="of_year", label=_("Of the event; without its date, of the gallery.")
    )

    class Meta:
        model = Gallery
        fields = ["search", "year", "visibility"]

    def of_year(self, galleries, _name, year):
        year = int(year)
        undated = Q(event_date=None, created_at__year=year)
        return galleries.filter(Q(event_date__year=year) | undated)


class PhotoFilters(filters.FilterSet):
    search = WordsFilter(label=_("Beginnings of words in name and caption."))
    year = YearFilter(
        field_name="taken_at", lookup_expr="year", label=_("In which it was taken.")
    )

    class Meta:
        model = Photo
        fields = ["search", "year", "state"]
