from portfolio.plain import page

from . import views

app_name = "journal"
urlpatterns = [
    *page("", views.index, name="index"),
    *page("before/<place:before>/", views.index, name="index"),
    *page("<year:year>/", views.year, name="year"),
    *page("<year:year>/before/<place:before>/", views.year, name="year"),
    *page("<month:month>/", views.month, name="month"),
    *page("<month:month>/before/<place:before>/", views.month, name="month"),
    *page("<month:month>/<slug:slug>/", views.EntryPage.as_view(), name="entry"),
]
