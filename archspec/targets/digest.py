"""Digests that detect edits of generated files.

Its docstring ends with `digest <spec>-<body>`, twelve hexadecimal digits each: what it
was made from, and the text itself with the second half zero. An ONNX file ends with the
same, as its last metadata.
"""

from __future__ import annotations

import hashlib
import re

DIGITS = 12
UNSIGNED = f"{'0' * DIGITS}-{'0' * DIGITS}"
"""What stands in the place of the digest until the text is complete."""

_FIELD = re.compile(
    rb"digest(?: |\x12\x19)"  # in a protocol buffer: a value of 25 bytes
    rb"(?P<spec>[0-9a-f]{%d})-(?P<body>[0-9a-f]{%d})(?=\.|\Z)" % (DIGITS, DIGITS)
)


def sign(text: str, spec_digest: str) -> str:
    """The text with its digest; raises ValueError if it has no place for one."""
    return sign_bytes(text.encode(), spec_digest).decode()


def sign_bytes(content: bytes, spec_digest: str) -> bytes:
    """The same for a file that is no text."""
    field = _field(content)
    if field is None:
        raise ValueError("the text has no digest to fill in")
    half = spec_digest[:DIGITS].encode()
    start, end = field.start("spec"), field.end("body")
    return content[:start] + half + b"-" + _body(content, half, field) + content[end:]


def is_unedited(content: str | bytes) -> bool:
    """Whether the file is as it was signed; false for what others wrote."""
    content = content.encode() if isinstance(content, str) else content
    field = _field(content)
    return field is not None and field["body"] == _body(content, field["spec"], field)


def _field(content: bytes) -> re.Match[bytes] | None:
    """The last digest: what a spec says of itself stands before ours."""
    field = None
    for field in _FIELD.finditer(content):  # noqa: B007
        pass
    return field


def _body(content: bytes, spec: bytes, field: re.Match[bytes]) -> bytes:
    """The digest of all but its own digits, which count as zeros."""
    unsigned = hashlib.sha256(content[: field.start("spec")])
    unsigned.update(spec + b"-" + b"0" * DIGITS)
    unsigned.update(content[field.end("body") :])
    return unsigned.hexdigest()[:DIGITS].encode()
