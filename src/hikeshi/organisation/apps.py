from django.apps import AppConfig


class OrganisationConfig(AppConfig):
    name = "hikeshi.organisation"
    label = "organisation"
