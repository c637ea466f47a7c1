"""Which language tags a document may carry: RFC 5646, with the two-letter codes of ISO 639-1.

Three-letter codes are taken by their form: nobody publishes an advisory in one that is not.
"""

from __future__ import annotations

import re
from typing import Final

# One after the other, two letters each.
_ALL: Final = (
    "aaabaeafakamanarasavayazbabebgbhbibmbnbobrbscacechcocrcscucvcydadedvdzeeeleneoeseteufaff"
    "fifjfofrfygagdglgngugvhahehihohrhthuhyhziaidieigiiikioisitiujajvkakgkikjkkklkmknkokrksku"
    "kvkwkylalblglilnloltlulvmgmhmimkmlmnmrmsmtmynanbndnengnlnnnonrnvnyocojomorospapiplpsptqu"
    "rmrnrorurwsascsdsesgsiskslsmsnsosqsrssstsusvswtatetgthtitktltntotrtstttwtyugukuruzvevivo"
    "wawoxhyiyozazhzu"
)
_CODES: Final = {_ALL[at : at + 2] for at in range(0, len(_ALL), 2)}
_TAG: Final = re.compile(
    r"^(?P<language>[a-z]{2,3})(-[a-z]{4})?(-(?:[a-z]{2}|[0-9]{3}))?"
    r"(-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*$"
)


def is_language(tag: str) -> bool:
    """Tell whether a tag names a language. Source: RFC 5646, section 2.1."""
    found = _TAG.match(tag.lower())
    return found is not None and (len(found["language"]) == 3 or found["language"] in _CODES)
