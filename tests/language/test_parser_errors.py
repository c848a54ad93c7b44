"""A PyYAML without libyaml, as in a browser, reads specs and words errors alike."""

from __future__ import annotations

import pytest
import yaml

from archspec.errors import SpecError
from archspec.reading import reader

DOCUMENTS = (
    "a: 1\n b: 2\n",
    "a: b: c\n",
    "a: {b: 1\nc: 2\n",
    "a: [1, 2\nb: 3\n",
    "a: {b: 1 c: 2}\n",
    "a: [1 {b: 2}]\n",
    "a: @b\n",
    "a: `b`\n",
    "a: %b\n",
    "a:\n\tb: 1\n",
    "a: x[1]: 2\n",
    "a: - b\n",
    "a: &\n",
    "a: ! {b: 1}\n",
    "a: !e!b c\n",
    "%YAML 3.0\n---\na: 1\n",
    "a: 'b\n",
    "é: 1\nb: \x07\n",
    "a: }\n",
    "a: ]\n",
    "a: *b\n",
    "a: &b 1\n",
    "a: {b, c: 1}\n",
    "a: max(1, 2)\nb: {c: max(1, 2)}\n",
)


def refusal(text: str) -> str:
    try:
        return str(reader.read(text, "net.yaml"))
    except SpecError as error:
        return str(error)


@pytest.mark.parametrize("text", DOCUMENTS)
def test_without_libyaml(text: str, monkeypatch: pytest.MonkeyPatch):
    expected = refusal(text)
    monkeypatch.setattr(reader, "LOADER", yaml.SafeLoader)
    assert refusal(text) == expected


def test_no_surrogates(monkeypatch: pytest.MonkeyPatch):
    text = 'a: "é"\nb: "\\ud800"\n'
    message = "error[AS102]: invalid YAML: found invalid Unicode character escape code"
    assert refusal(text).startswith(message)
    monkeypatch.setattr(reader, "LOADER", yaml.SafeLoader)
    assert refusal(text).startswith(message)
