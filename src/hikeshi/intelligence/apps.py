from django.apps import AppConfig


class IntelligenceConfig(AppConfig):
    name = "hikeshi.intelligence"
    label = "intelligence"
