from django.contrib import admin
from django.urls import include, path, re_path, register_converter

from . import feeds, media, sharing, views
from .exchange.views import export_content
from .months import MonthConverter, YearConverter
from .sign_in import SignIn

register_converter(YearConverter, "year")
register_converter(MonthConverter, "month")

urlpatterns = [
    path("", views.home, name="home"),
    path("now/", views.now, name="now"),
    path("roles/", include("roles.urls")),
    path("thinking/", views.Principles.as_view(), name="thinking"),
    path("thinking/<slug:slug>/", views.PrinciplePage.as_view(), name="principle"),
    path("journal/", include("journal.urls")),
    path("tools/", views.Tools.as_view(), name="tools"),
    path("tools/<slug:slug>/", views.ToolPage.as_view(), name="tool"),
    path("tools/<slug:slug>/feed.xml", feeds.tool_feed, name="tool_feed"),
    path("lessons/", views.lessons, name="lessons"),
    path("feed.xml", feeds.feed, name="feed"),
    path("feed.json", feeds.json_feed, name="json_feed"),
    path("cv/", views.cv_page, name="cv"),
    path("resume.json", views.resume, name="resume"),
    re_path(r"^card/(?P<name>[a-z0-9/-]+)\.png$", sharing.card, name="card"),
    path("site.webmanifest", sharing.manifest, name="manifest"),
    path("favicon.ico", sharing.favicon, name="favicon"),
    path("media/<path:name>", media.media, name="media"),
    path("admin/sign-in/<uidb64>/<token>/", SignIn.as_view(), name="sign_in"),
    path("admin/export/", export_content, name="export_content"),
    path("admin/", include("portfolio.editing.urls")),
    path("admin/", admin.site.urls),
]
handler404 = "portfolio.views.not_found"
