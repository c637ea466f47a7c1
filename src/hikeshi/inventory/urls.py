"""Addresses of the product pages."""

from django.urls import path

from hikeshi.inventory import import_views, relation_views, sbom_views, views

app_name = "inventory"
urlpatterns = [
    path("", views.products, name="products"),
    path("new/", views.product_new, name="product_new"),
    path("import/", import_views.product_import, name="product_import"),
    path("sboms/<uuid:uid>/", sbom_views.download, name="sbom"),
    path("releases/<str:number>/", sbom_views.release, name="release"),
    path("releases/<str:number>/edit/", views.release_edit, name="release_edit"),
    path("releases/<str:number>/sbom/", sbom_views.upload, name="upload"),
    path("releases/<str:number>/components/", sbom_views.components, name="components"),
    path("releases/<str:number>/differences/", sbom_views.differences, name="differences"),
    path("releases/<str:number>/sboms/", sbom_views.versions, name="versions"),
    path("releases/<str:number>/parts/", relation_views.part, name="part"),
    path("<str:number>/", views.product, name="product"),
    path("<str:number>/edit/", views.product_edit, name="product_edit"),
    path("<str:number>/chain/", relation_views.chain, name="chain"),
    path("<str:number>/connections/", relation_views.connection, name="connection"),
    path("<str:number>/ask/", relation_views.ask, name="ask"),
    path("<str:number>/models/new/", views.model_new, name="model_new"),
    path("<str:number>/releases/new/", views.release_new, name="release_new"),
]
