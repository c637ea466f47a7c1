from django.apps import AppConfig


class ProjectConfig(AppConfig):
    name = "hikeshi.project"
    label = "project"
