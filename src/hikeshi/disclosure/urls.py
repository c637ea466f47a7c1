"""Addresses of publications: inside, and the public site."""

from django.urls import path

from hikeshi.disclosure import public, views

app_name = "disclosure"
urlpatterns = [
    path("publications/", views.publications, name="publications"),
    path("publications/draft/<str:number>/", views.draft, name="draft"),
    path("publications/silence/<str:number>/", views.silence, name="silence"),
    path("publications/<str:number>/", views.publication, name="publication"),
    path("publications/<str:number>/<str:step>/", views.step, name="step"),
    path("advisories/", public.advisory_list, name="public_list"),
    path("advisories/feed.atom", public.advisory_feed, name="public_feed"),
    path("advisories/<str:name>.json", public.advisory_document, name="public_document"),
    path("advisories/<str:number>/", public.advisory_page, name="public_page"),
]
