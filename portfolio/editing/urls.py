from django.urls import path

from . import views

app_name = "editing"
urlpatterns = [
    path("preview/", views.preview, name="preview"),
    path("upload/", views.upload, name="upload"),
    path("pictures/", views.pictures, name="pictures"),
    path("pictures/describe/", views.describe, name="describe"),
]
