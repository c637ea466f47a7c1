"""Second factors and passkeys by allauth, with their secrets sealed by the master key.

The database holds the seeds of authenticator apps and of recovery codes sealed; a copy of it alone
lets nobody in. The key is derived from the master key, and the sealed text names which one, so that
a new master key can be added while the old one is still in the file.
"""

from __future__ import annotations

import base64
from typing import Any

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.utils.translation import gettext

from hikeshi.core import sealing
from hikeshi.organisation import keys

PURPOSE = b"second-factor"


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """What allauth asks of us about second factors."""

    def encrypt(self, text: str) -> str:
        """Seal a secret under the newest master key."""
        master_id, master = list(keys.master_keys().items())[-1]
        sealed = sealing.seal(sealing.derive(master, PURPOSE), text.encode(), purpose=PURPOSE)
        return f"{master_id}:{base64.b64encode(sealed).decode()}"

    def decrypt(self, encrypted_text: str) -> str:
        """Open what ``encrypt`` sealed. Raises MasterKeyMissing or KeyMismatch."""
        master_id, _colon, sealed = encrypted_text.partition(":")
        key = sealing.derive(keys.master_key(master_id), PURPOSE)
        return sealing.unseal(key, base64.b64decode(sealed), purpose=PURPOSE).decode()

    def generate_authenticator_name(self, user: Any, type: Authenticator.Type) -> str:  # noqa: A002
        """Suggest a name for a new passkey; the person can write a better one."""
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return gettext("Passkey %(number)s") % {"number": number}

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Leave the note to the account's adapter, which also puts it on record."""
        get_account_adapter().send_notification_mail(*args, **kwargs)
