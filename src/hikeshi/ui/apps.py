from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "hikeshi.ui"
    label = "ui"
