from django.urls import path

from . import views

app_name = "journal"
urlpatterns = [
    path("", views.index, name="index"),
    path("before/<place:before>/", views.index, name="index"),
    path("<year:year>/", views.year, name="year"),
    path("<year:year>/before/<place:before>/", views.year, name="year"),
    path("<month:month>/", views.month, name="month"),
    path("<month:month>/before/<place:before>/", views.month, name="month"),
    path("<month:month>/<slug:slug>/", views.EntryPage.as_view(), name="entry"),
]
