from django.apps import AppConfig


class ProjectConfig(AppConfig):
    name = "hikeshi.project"
    label = "project"

    def ready(self) -> None:
        from hikeshi.project.areas import parts

        for module in parts("slots"):
            # ui.slots is the registry itself; its fill() takes a name.
            if module.__name__ != "hikeshi.ui.slots":
                module.fill()
        from hikeshi.project.searching import fill

        fill()
        # Importing an area's jobs declares them.
        parts("jobs")
