"""What we say of a product against a vulnerability: status, justification, action.

Names are those of CSAF 2.0, section 3.2.3 (product_status, flags, remediations); OpenVEX and
CycloneDX are rendered from the same three fields.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hikeshi.core.errors import InputRefused, gettext_noop


class ProductStatus(StrEnum):
    """The four statuses of VEX; a product has exactly one against a vulnerability."""

    KNOWN_AFFECTED = "known_affected"
    UNDER_INVESTIGATION = "under_investigation"
    FIXED = "fixed"
    KNOWN_NOT_AFFECTED = "known_not_affected"


class Justification(StrEnum):
    """Why a product is not affected; CSAF calls these labels of flags."""

    COMPONENT_NOT_PRESENT = "component_not_present"
    VULNERABLE_CODE_NOT_PRESENT = "vulnerable_code_not_present"
    VULNERABLE_CODE_NOT_IN_EXECUTE_PATH = "vulnerable_code_not_in_execute_path"
    VULNERABLE_CODE_CANNOT_BE_CONTROLLED_BY_ADVERSARY = (
        "vulnerable_code_cannot_be_controlled_by_adversary"
    )
    INLINE_MITIGATIONS_ALREADY_EXIST = "inline_mitigations_already_exist"


class Action(StrEnum):
    """What the user of an affected product can do; CSAF calls these remediation categories."""

    VENDOR_FIX = "vendor_fix"
    WORKAROUND = "workaround"
    MITIGATION = "mitigation"
    NO_FIX_PLANNED = "no_fix_planned"
    NONE_AVAILABLE = "none_available"


# Worst first: what a row that stands for many releases shows.
WEIGHT: Final[dict[ProductStatus, int]] = {
    ProductStatus.KNOWN_AFFECTED: 0,
    ProductStatus.UNDER_INVESTIGATION: 1,
    ProductStatus.FIXED: 2,
    ProductStatus.KNOWN_NOT_AFFECTED: 3,
}


@dataclass(frozen=True, slots=True)
class Statement:
    """One decision about one product.

    justification: why it is not affected; None when that is said in the grounds alone.
    action: what its user can do; None while nobody has decided.
    grounds: the reasoning in words, for readers inside.
    """

    status: ProductStatus
    justification: Justification | None = None
    action: Action | None = None
    grounds: str = ""

    def check(self) -> None:
        """Refuse a statement that contradicts itself or gives no reason.

        Raises InputRefused. Source: Minimum Requirements for VEX (CISA 2023), 2.5 to 2.7: not
        affected needs a justification or an impact statement.
        """
        not_affected = self.status is ProductStatus.KNOWN_NOT_AFFECTED
        if self.justification is not None and not not_affected:
            raise InputRefused(
                gettext_noop("A justification belongs to “not affected” alone; remove it.")
            )
        if not_affected and self.justification is None and not self.grounds.strip():
            raise InputRefused(
                gettext_noop("“Not affected” needs a justification or grounds in words.")
            )
        if self.action is not None and self.status is not ProductStatus.KNOWN_AFFECTED:
            raise InputRefused(
                gettext_noop("An action is for users of affected products alone; remove it.")
            )

    @property
    def lacks_action(self) -> bool:
        """Tell whether publishing this would leave its readers without anything to do.

        Source: CSAF 2.0, test 6.1.27.10.
        """
        return self.status is ProductStatus.KNOWN_AFFECTED and self.action is None


def worst(statuses: Iterable[ProductStatus]) -> ProductStatus | None:
    """Return the status that a summary of these must show; None of none."""
    return min(statuses, key=WEIGHT.__getitem__, default=None)


def tally(statuses: Iterable[ProductStatus]) -> dict[ProductStatus, int]:
    """Count statuses, worst first; all four are keys."""
    counted = Counter(statuses)
    return {status: counted[status] for status in ProductStatus}
