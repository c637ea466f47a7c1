"""Whom a local command acts as: an account, with that account's rights, on record."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from hikeshi.core.errors import InputRefused, NotAllowed, NotFound, gettext_noop
from hikeshi.organisation import journal
from hikeshi.organisation.models import Account
from hikeshi.organisation.queries import viewer_of
from hikeshi.organisation.tokens import token_from
from hikeshi.organisation.viewer import Viewer


def acting_viewer(*, email: str, token: str, command: str) -> Viewer:
    """Return the viewer of ``--as`` or of HIKESHI_TOKEN, and record that the command was used.

    Raises InputRefused when neither is given, NotFound for an unknown account or token, NotAllowed
    for one that has ended.
    """
    now = timezone.now()
    scopes = None
    if email:
        account = Account.objects.filter(email__iexact=email).first()
    elif token:
        found = token_from(token, at=now)
        account, scopes = (found.account, found.scopes) if found is not None else (None, None)
    else:
        raise InputRefused(gettext_noop("Say who acts: --as EMAIL, or a token in HIKESHI_TOKEN."))
    if account is None:
        raise NotFound(gettext_noop("There is no such account or token."))
    viewer = viewer_of(account, now, scopes)
    if viewer.account is None:
        raise NotAllowed(gettext_noop("This account has ended. An administrator can extend it."))
    with transaction.atomic():
        journal.record("command.used", subject=account, by=account, at=now,
                       after={"command": command})  # fmt: skip
    return viewer
