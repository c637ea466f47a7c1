from django.apps import AppConfig


class DisclosureConfig(AppConfig):
    name = "hikeshi.disclosure"
    label = "disclosure"
