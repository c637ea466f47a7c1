from django.apps import AppConfig


class TriageConfig(AppConfig):
    name = "hikeshi.triage"
    label = "triage"
