from django.apps import AppConfig


class RecordsConfig(AppConfig):
    name = "hikeshi.records"
    label = "records"
