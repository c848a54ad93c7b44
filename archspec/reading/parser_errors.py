"""The errors of PyYAML's parsers in the words of libyaml.

PyYAML parses in Python where it has no libyaml, such as in a browser, and then has
other words for the same errors.
"""

from __future__ import annotations

import re

_IN_LIBYAML = (
    (r"expected <block end>, but found .*", "did not find expected key"),
    (r"expected (?:the )?(.+), but (?:found|got) .*", r"did not find expected \1"),
    (r"found character .+ that cannot", "found character that cannot"),
    (r"^sequence entries are", "block sequence entries are"),
    (r"are not allowed here", "are not allowed in this context"),
    (r"^special characters", "control characters"),
    (r"^(found undefined tag handle) .*", r"\1"),
    (r"^(found incompatible YAML document) .*", r"\1"),
)


def in_words_of_libyaml(problem: str) -> str:
    """A parser's error as libyaml words it."""
    for words, ours in _IN_LIBYAML:
        problem = re.sub(words, ours, problem, flags=re.DOTALL)
    return problem
