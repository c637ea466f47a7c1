from __future__ import annotations

import pytest

from hikeshi.core.errors import InputRefused
from hikeshi.core.vex import Action, Justification, ProductStatus, Statement, tally, worst

pytestmark = pytest.mark.pure

AFFECTED, NOT = ProductStatus.KNOWN_AFFECTED, ProductStatus.KNOWN_NOT_AFFECTED


def test_not_affected_needs_a_justification_or_grounds() -> None:
    with pytest.raises(InputRefused, match="needs a justification"):
        Statement(NOT, grounds="  ").check()
    Statement(NOT, grounds="The driver is not built.").check()
    Statement(NOT, Justification.COMPONENT_NOT_PRESENT).check()


@pytest.mark.parametrize("status", [s for s in ProductStatus if s is not NOT])
def test_a_justification_belongs_to_not_affected_alone(status: ProductStatus) -> None:
    with pytest.raises(InputRefused, match="belongs to “not affected”"):
        Statement(status, Justification.COMPONENT_NOT_PRESENT).check()


def test_an_action_is_for_affected_products_alone() -> None:
    with pytest.raises(InputRefused, match="affected products alone"):
        Statement(ProductStatus.FIXED, action=Action.VENDOR_FIX).check()
    assert Statement(AFFECTED).lacks_action
    assert not Statement(AFFECTED, action=Action.WORKAROUND).lacks_action


def test_a_summary_shows_the_worst_status() -> None:
    assert worst([NOT, ProductStatus.FIXED, ProductStatus.UNDER_INVESTIGATION]) is (
        ProductStatus.UNDER_INVESTIGATION
    )
    assert worst([]) is None
    assert tally([AFFECTED, AFFECTED, NOT]) == {
        AFFECTED: 2,
        ProductStatus.UNDER_INVESTIGATION: 0,
        ProductStatus.FIXED: 0,
        NOT: 1,
    }
