from portfolio.plain import page

from . import views

app_name = "roles"
urlpatterns = [
    *page("", views.Roles.as_view(), name="index"),
    *page("<slug:slug>/", views.RolePage.as_view(), name="role"),
    *page("<slug:slug>/before/<place:before>/", views.entries, name="role"),
]
