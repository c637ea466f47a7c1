"""The one list of event names; maturity and figures are computed from them.

A name is ``subject.past_participle`` and never changes its meaning. docs/reference/events.md is
made from this list.
"""

from __future__ import annotations

from typing import Final

EVENTS: Final[dict[str, str]] = {
    "company.founded": "A company was set up.",
    "company.changed": "A company's settings were changed.",
    "company.key_rotated": "A company's key was replaced by a new one.",
    "unit.created": "A unit was created.",
    "unit.changed": "A unit's own fields were changed.",
    "unit.closed": "A unit was closed.",
    "unit.moved": "A unit was hung elsewhere in the tree.",
    "account.created": "An account was created.",
    "account.changed": "A person changed how the pages look and speak to them.",
    "account.disabled": "An account was disabled.",
    "account.enabled": "A disabled account was enabled again.",
    "account.extended": "The day on which an account ends was changed.",
    "account.invited": "A person was invited by a one-time link.",
    "token.issued": "An API token was made.",
    "token.revoked": "An API token was revoked.",
    "appointment.made": "A person was given a role.",
    "appointment.ended": "A person's role was ended.",
    "wall.raised": "A wall was raised around a matter.",
    "wall.admitted": "Somebody was let inside a wall.",
    "wall.dismissed": "A wall was closed to somebody.",
    "wall.ended": "A wall ended because its matter is public.",
    "contact.added": "A contact was added.",
    "contact.changed": "A contact was changed.",
    "conversation.started": "A conversation was started.",
    "message.written": "A message was written.",
    "round.drafted": "A round of questions was written down.",
    "round.parties_added": "Parties to ask were added to a round.",
    "round.opened": "A round's questions were sent.",
    "round.reminded": "Silent parties of a round were reminded.",
    "round.link_renewed": "A party got a new link.",
    "round.answered": "A party answered a round.",
    "round.closed": "A round was closed.",
    "case.opened": "A case was opened.",
    "case.changed": "A case's texts, owner or unit were changed.",
    "case.moved": "A case moved to another phase.",
    "case.vulnerability_added": "A case became about one more vulnerability.",
    "case.vulnerability_described": "A case's vulnerability got its title, CVE id or weaknesses.",
    "case.participant_admitted": "Somebody was invited to take part in a case.",
    "case.participant_dismissed": "Somebody's part in a case ended.",
    "case.fact_noted": "Something became true of a case's vulnerability.",
    "assessment.made": "The status of products against a vulnerability was decided.",
    "embargo.proposed": "An embargo, or a new date for it, was proposed.",
    "embargo.accepted": "A proposed embargo was agreed on.",
    "embargo.rejected": "A proposed embargo was declined.",
    "embargo.terminated": "An embargo was ended.",
    "offering.created": "A product, part, service or resold product was added.",
    "offering.changed": "An offering was changed.",
    "model.created": "A model of an offering was added.",
    "model.changed": "A model was changed.",
    "release.created": "A release was added.",
    "release.changed": "A release was changed.",
    "sbom.uploaded": "An SBOM became the current one of its slot.",
}
