from django.apps import AppConfig


class RecordsConfig(AppConfig):
    name = "hikeshi.records"
    label = "records"

    def ready(self) -> None:
        from hikeshi.ledger.services import listen
        from hikeshi.records.search import note

        listen(note)
