from django.contrib import admin
from django.urls import include, path, re_path, register_converter

from . import feeds, media, sharing, sitemaps, views
from .archive import PlaceConverter
from .desk import desk
from .edge import public
from .editing.share_links import shared
from .months import MonthConverter, YearConverter
from .plain import page
from .robots import robots
from .search.views import search, suggest
from .sign_in import SignIn

register_converter(YearConverter, "year")
register_converter(MonthConverter, "month")
register_converter(PlaceConverter, "place")

urlpatterns = [
    *page("", views.home, name="home"),
    *page("now/", views.now, name="now"),
    path("roles/", include("roles.urls")),
    *page("thinking/", views.Principles.as_view(), name="thinking"),
    *page("thinking/<slug:slug>/", views.PrinciplePage.as_view(), name="principle"),
    path("journal/", include("journal.urls")),
    *page("tools/", views.Tools.as_view(), name="tools"),
    *page("tools/<slug:slug>/", views.ToolPage.as_view(), name="tool"),
    *page("tools/<slug:slug>/before/<place:before>/", views.tool_entries, name="tool"),
    path("tools/<slug:slug>/feed.xml", public(feeds.tool_feed), name="tool_feed"),
    *page("lessons/", views.lessons, name="lessons"),
    *page("cv/", views.cv_page, name="cv"),
    path("resume.json", public(views.resume), name="resume"),
    path("search/", search, name="search"),
    path("search/suggest/", suggest, name="suggest"),
    path("feed.xml", public(feeds.feed), name="feed"),
    path("feed.json", public(feeds.json_feed), name="json_feed"),
    re_path(r"^card/(?P<name>[a-z0-9/-]+)\.png$", sharing.card, name="card"),
    path("site.webmanifest", public(sharing.manifest), name="manifest"),
    path("favicon.ico", public(sharing.favicon), name="favicon"),
    path("sitemap.xml", public(sitemaps.sitemap), name="sitemap"),
    path("sitemap-pages.xml", public(sitemaps.pages), name="sitemap_pages"),
    path("sitemap-<year:year>-<int:number>.xml", public(sitemaps.year), name="sitemap_year"),
    path("llms.txt", public(sitemaps.llms), name="llms"),
    path("robots.txt", public(robots), name="robots"),
    path("speculation-rules.json", public(views.speculation_rules), name="speculation_rules"),
    path("media/<path:name>", media.media, name="media"),
    path("shared/<int:pk>/<str:signature>/", shared, name="shared"),
    path("admin/sign-in/<uidb64>/<token>/", SignIn.as_view(), name="sign_in"),
    path("admin/content/", include("portfolio.exchange.desk.urls")),
    path("admin/", admin.site.admin_view(desk)),
    path("admin/", include("portfolio.editing.urls")),
    path("admin/", admin.site.urls),
]
handler403 = "portfolio.refusal.permission_denied"
handler404 = "portfolio.views.not_found"
handler500 = "portfolio.logs.server_error"
