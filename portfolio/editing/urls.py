from django.urls import path

from . import views
from .links import links
from .new_tool import new_tool

app_name = "editing"
urlpatterns = [
    path("preview/", views.preview, name="preview"),
    path("upload/", views.upload, name="upload"),
    path("links/", links, name="links"),
    path("new-tool/", new_tool, name="new_tool"),
]
