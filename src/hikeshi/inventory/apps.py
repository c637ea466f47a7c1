from django.apps import AppConfig


class InventoryConfig(AppConfig):
    name = "hikeshi.inventory"
    label = "inventory"
