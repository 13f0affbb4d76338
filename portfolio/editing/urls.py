from django.urls import path

from . import views

app_name = "editing"
urlpatterns = [
    path("preview/", views.preview, name="preview"),
    path("upload/", views.upload, name="upload"),
]
