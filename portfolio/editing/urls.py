from django.urls import path

from . import history, people, share_links, views, writing
from .deleted import deleted, recover
from .links import links
from .new_tool import new_tool

app_name = "editing"
urlpatterns = [
    path("preview/", views.preview, name="preview"),
    path("upload/", views.upload, name="upload"),
    path("pictures/", views.pictures, name="pictures"),
    path("pictures/describe/", views.describe, name="describe"),
    path("people/", people.people, name="people"),
    path("people/<int:pk>/renew/", people.renew, name="renew"),
    path("people/<int:pk>/end/", people.end, name="end"),
    path("links/", links, name="links"),
    path("new-tool/", new_tool, name="new_tool"),
    path("history/deleted/", deleted, name="deleted"),
    path("history/deleted/<int:pk>/recover/", recover, name="recover"),
    path("history/deleted/<int:revision_id>/undo/", recover, name="undo"),
    path("history/<str:key>/", history.views["history"], name="history"),
    path("history/<str:key>/<int:pk>/", history.views["version"], name="version"),
    path("history/<str:key>/<int:pk>/restore/", history.restore, name="restore"),
    path("writing/<str:key>/keep/", writing.keep, name="keep"),
    path("writing/<str:key>/preview/", writing.preview, name="live_preview"),
    path("writing/<str:key>/present/", writing.present, name="present"),
    path("writing/<str:key>/page/", writing.page, name="page"),
    path("writing/<str:key>/links/", share_links.links, name="share_links"),
    path("writing/<str:key>/discard/", writing.discard, name="discard"),
]
