from django.urls import path, re_path

from gallery import download_views, file_views, views
from gallery.api import changes, downloads, galleries, photos, uploads

app_name = "gallery"
PHOTO_ID = r"(?P<photo_id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
urlpatterns = [
    path("", views.GalleryListView.as_view(), name="list"),
    path("galleries/new/", views.GalleryCreateView.as_view(), name="create"),
    path("galleries/<slug:slug>/", views.GalleryDetailView.as_view(), name="detail"),
    path("galleries/<slug:slug>/edit/", views.GalleryEditView.as_view(), name="edit"),
    path(
        "galleries/<slug:slug>/delete/",
        views.GalleryDeleteView.as_view(),
        name="delete",
    ),
    path(
        "galleries/<slug:slug>/download/",
        download_views.GalleryDownloadView.as_view(),
        name="download",
    ),
    path(
        "downloads/<uuid:pk>/",
        download_views.DownloadFileView.as_view(),
        name="download_file",
    ),
    re_path(
        rf"^media/photos/{PHOTO_ID}/(?P<variant>original|preview|thumbnail)$",
        file_views.PhotoFileView.as_view(),
        name="photo_file",
    ),
    re_path(
        r"^media/(?P<expires>[0-9]{10})/(?P<signature>[A-Za-z0-9_-]{22})/"
        rf"(?P<name>photos/[0-9a-f]{{2}}/{PHOTO_ID}/"
        r"(?P<variant>preview|thumbnail)\.webp)$",
        file_views.SignedFileView.as_view(),
        name="signed_file",
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
    path(
        "api/galleries/<slug:slug>/changes/",
        changes.ChangesApi.as_view(),
        name="api_changes",
    ),
    path("api/photos/<uuid:pk>/", photos.PhotoApi.as_view(), name="api_photo"),
    path(
        "api/galleries/<slug:slug>/uploads/",
        uploads.UploadListApi.as_view(),
        name="api_uploads",
    ),
    path("api/uploads/<uuid:pk>/", uploads.UploadApi.as_view(), name="api_upload"),
    path(
        "api/galleries/<slug:slug>/downloads/",
        downloads.DownloadListApi.as_view(),
        name="api_downloads",
    ),
    path(
        "api/downloads/<uuid:pk>/",
        downloads.DownloadApi.as_view(),
        name="api_download",
    ),
]
