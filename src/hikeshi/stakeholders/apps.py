from django.apps import AppConfig


class StakeholdersConfig(AppConfig):
    name = "hikeshi.stakeholders"
    label = "stakeholders"
