"""What a run has seen: networks, refusals by target, the worst errors."""

from __future__ import annotations

from collections import Counter

TALLY: Counter[str] = Counter()
