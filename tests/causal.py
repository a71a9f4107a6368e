"""Words that say why, which no sentence made from records of complaints may use."""

from __future__ import annotations

import re

CAUSAL = re.compile(
    r"\b(caus\w*|because|due to|owing to|lead(?:s|ing)? to|led to|result(?:s|ed|ing)? (?:in|from)|driv(?:e|es|en|ing)|"
    r"affect\w*|effects?|impact\w*|influenc\w*|explain\w*|produc(?:e|es|ed|ing)|determin\w*|discriminat\w*|bias\w*|"
    r"responsible|attribut\w*|make[s]? \w+ (?:lighter|heavier)|thanks to|reduc(?:e|es|ed|ing)|increas(?:e|es|ed|ing)|"
    r"worsen\w*|improv\w*|harm\w*|benefit\w*|treat(?:s|ed|ment)?)\b",
    re.IGNORECASE,
)
