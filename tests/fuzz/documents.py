"""A document as text, written as people do."""

from __future__ import annotations

import json
import re
from typing import Any

PLAIN = re.compile(r"[A-Za-z0-9_.~][A-Za-z0-9_.+*/%()<>=! -]*\Z")


def as_text(document: dict[str, Any]) -> str:
    lines = []
    for key, entry in document.items():
        if key in {"layers", "blocks", "outputs", "defaults", "define"}:
            lines.append(f"{key}:")
            lines += [f"  {flow(k)}: {flow(v)}" for k, v in entry.items()]
        else:
            lines.append(f"{key}: {flow(entry)}")
    return "\n".join([*lines, ""])


def flow(given: Any) -> str:
    if isinstance(given, dict):
        inside = ", ".join(f"{flow(k)}: {flow(v)}" for k, v in given.items())
        return f"{{{inside}}}"
    if isinstance(given, list | tuple):
        return f"[{', '.join(map(flow, given))}]"
    if given is None:
        return "~"
    if isinstance(given, str) and PLAIN.match(given):
        return given
    return json.dumps(given)
