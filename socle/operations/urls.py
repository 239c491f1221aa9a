from django.urls import path

from socle.operations import api, views

app_name = "operations"
urlpatterns = [
    path("operations/", views.BackupsView.as_view(), name="backups"),
    path("operations/board", views.BoardView.as_view(), name="board"),
    path("operations/system", views.SystemView.as_view(), name="system"),
    path("operations/state", views.StateView.as_view(), name="state"),
    path("operations/back-up", views.BackUpView.as_view(), name="back_up"),
    path("api/operations/", api.BoardApi.as_view(), name="api_board"),
    path("api/operations/backups/", api.BackUpApi.as_view(), name="api_back_up"),
]
