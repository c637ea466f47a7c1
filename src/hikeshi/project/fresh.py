"""Bring the tables of an empty database into being at once, from the models as they are.

Walking all migrations renders every model anew for each step, which takes ten seconds; an empty
database holds nothing that they could move. A test compares the outcome with that of migrating.
"""

from __future__ import annotations

from django.apps import apps
from django.core.management.sql import emit_post_migrate_signal
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import RunPython
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone


def is_empty(connection: BaseDatabaseWrapper) -> bool:
    """Tell whether the database has no table at all."""
    return not connection.introspection.table_names()


def build(connection: BaseDatabaseWrapper) -> None:
    """Make all tables and note all migrations as applied, in one transaction."""
    loader = MigrationLoader(connection)
    recorder = MigrationRecorder(connection)
    with connection.schema_editor() as editor:
        for model in apps.get_models():
            if model._meta.can_migrate(connection):
                editor.create_model(model)
        editor.create_model(recorder.Migration)
        _run_own_steps(loader, editor)
        now = timezone.now()
        recorder.Migration.objects.using(connection.alias).bulk_create(
            recorder.Migration(app=app, name=name, applied=now) for app, name in loader.graph.nodes
        )
    emit_post_migrate_signal(verbosity=0, interactive=False, db=connection.alias)


def _run_own_steps(loader: MigrationLoader, editor: BaseDatabaseSchemaEditor) -> None:
    """Run what our migrations do by hand: indexes that one database alone wants.

    Those of libraries only move rows, and there are none.
    """
    for (label, _name), migration in sorted(loader.graph.nodes.items()):
        if not apps.get_app_config(label).name.startswith("hikeshi."):
            continue
        for operation in migration.operations:
            if isinstance(operation, RunPython):
                operation.code(apps, editor)  # type: ignore[arg-type]  # the models as they are
