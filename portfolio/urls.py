from django.contrib import admin
from django.urls import include, path, register_converter

from . import media, views
from .archive import PlaceConverter
from .exchange.views import export_content
from .months import MonthConverter, YearConverter
from .sign_in import SignIn

register_converter(YearConverter, "year")
register_converter(MonthConverter, "month")
register_converter(PlaceConverter, "place")

urlpatterns = [
    path("", views.home, name="home"),
    path("now/", views.now, name="now"),
    path("roles/", include("roles.urls")),
    path("thinking/", views.Principles.as_view(), name="thinking"),
    path("thinking/<slug:slug>/", views.PrinciplePage.as_view(), name="principle"),
    path("journal/", include("journal.urls")),
    path("tools/", views.Tools.as_view(), name="tools"),
    path("tools/<slug:slug>/", views.ToolPage.as_view(), name="tool"),
    path("tools/<slug:slug>/before/<place:before>/", views.tool_entries, name="tool"),
    path("lessons/", views.lessons, name="lessons"),
    path("media/<path:name>", media.media, name="media"),
    path("admin/sign-in/<uidb64>/<token>/", SignIn.as_view(), name="sign_in"),
    path("admin/export/", export_content, name="export_content"),
    path("admin/", include("portfolio.editing.urls")),
    path("admin/", admin.site.urls),
]
handler404 = "portfolio.views.not_found"
