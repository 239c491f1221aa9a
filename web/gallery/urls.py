from django.urls import path, re_path

from gallery import views
from gallery.api import galleries, photos

app_name = "gallery"
urlpatterns = [
    path("", views.GalleryListView.as_view(), name="list"),
    path("galleries/new/", views.GalleryCreateView.as_view(), name="create"),
    path("galleries/<slug:slug>/", views.GalleryDetailView.as_view(), name="detail"),
    re_path(
        r"^media/photos/(?P<photo_id>[0-9a-f-]{36})/"
        r"(?P<variant>original|preview|thumbnail)$",
        views.PhotoFileView.as_view(),
        name="photo_file",
    ),
    path("api/galleries/", galleries.GalleryListApi.as_view(), name="api_galleries"),
    path(
        "api/galleries/<slug:slug>/", galleries.GalleryApi.as_view(), name="api_gallery"
    ),
    path(
        "api/galleries/<slug:slug>/photos/",
        photos.PhotoListApi.as_view(),
        name="api_photos",
    ),
    path("api/photos/<uuid:pk>/", photos.PhotoApi.as_view(), name="api_photo"),
]
