from django.urls import path

from . import views

app_name = "roles"
urlpatterns = [
    path("", views.Roles.as_view(), name="index"),
    path("<slug:slug>/", views.RolePage.as_view(), name="role"),
    path("<slug:slug>/before/<place:before>/", views.entries, name="role"),
]
