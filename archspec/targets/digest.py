"""How a generated file tells whether it has been edited since.

Its docstring ends with `digest <spec>-<body>`, twelve hexadecimal digits each: what it
was made from, and the text itself with the second half zero.
"""

from __future__ import annotations

import hashlib
import re

DIGITS = 12
UNSIGNED = f"{'0' * DIGITS}-{'0' * DIGITS}"
"""What stands in the place of the digest until the text is complete."""

_FIELD = re.compile(
    rf"(?<=\bdigest )([0-9a-f]{{{DIGITS}}})-([0-9a-f]{{{DIGITS}}})(?=\.)"
)


def sign(text: str, spec_digest: str) -> str:
    """The text with its digest; raises ValueError if it has no place for one."""
    spec, _ = _halves(text) or ("", "")
    if not spec:
        raise ValueError("the text has no digest to fill in")
    half = spec_digest[:DIGITS]
    return _with(text, half, _body(text, half))


def is_unedited(text: str) -> bool:
    """Whether the text is as `sign` left it; false for what others wrote."""
    halves = _halves(text)
    return halves is not None and halves[1] == _body(text, halves[0])


def _halves(text: str) -> tuple[str, str] | None:
    """The last digest: what a spec says of itself stands before ours."""
    fields = _FIELD.findall(text)
    return fields[-1] if fields else None


def _body(text: str, spec: str) -> str:
    unsigned = _with(text, spec, "0" * DIGITS)
    return hashlib.sha256(unsigned.encode()).hexdigest()[:DIGITS]


def _with(text: str, spec: str, body: str) -> str:
    *_, field = _FIELD.finditer(text)
    return f"{text[: field.start()]}{spec}-{body}{text[field.end() :]}"
