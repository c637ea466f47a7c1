from django.apps import AppConfig


class MatchingConfig(AppConfig):
    name = "hikeshi.matching"
    label = "matching"
