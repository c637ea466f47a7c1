from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "hikeshi.ledger"
    label = "ledger"

    def ready(self) -> None:
        from hikeshi.ledger.outbox import post
        from hikeshi.ledger.services import record
        from hikeshi.organisation import journal

        journal.set_writer(record)
        journal.set_poster(post)
