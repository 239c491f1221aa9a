from django.urls import path

from operations import views

app_name = "operations"
urlpatterns = [
    path("", views.BackupsView.as_view(), name="backups"),
    path("board", views.BoardView.as_view(), name="board"),
    path("state", views.StateView.as_view(), name="state"),
    path("back-up", views.BackUpView.as_view(), name="back_up"),
]
