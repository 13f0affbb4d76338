from django.urls import path

from . import views

app_name = "exchange"
urlpatterns = [
    path("", views.content, name="content"),
    path("export/", views.export_content, name="export"),
    path("import/", views.plan_import, name="import"),
    path("site/", views.build_site, name="site"),
    path("<slug:token>/", views.job_page, name="job"),
    path("<slug:token>/import/", views.carry_out, name="carry_out"),
    path("<slug:token>/file/", views.file, name="file"),
]
