"""How words of other frameworks are looked up."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from itertools import chain
from typing import NamedTuple

from archspec.errors import Advice, Fix, did_you_mean, meaning


class Glossary(NamedTuple):
    """Foreign words of one kind, in any spelling (see `plain`)."""

    same: Mapping[str, str]
    """archspec's words, each with those of the same meaning."""

    other: Mapping[str, str]
    """Words of which archspec has no equivalent, several in a key, each with advice."""

    def help(self, word: str, known: Iterable[str]) -> str:
        """Advice on an unknown word by its meaning, else by its spelling, or none."""
        names = [*known]
        own = self.match(word, names)
        if own is not None:
            return meaning(own)
        return self.advice(word) or did_you_mean(word, names)

    def match(self, word: str, known: Collection[str]) -> str | None:
        """The known word of the same meaning, in whatever spelling."""
        looked_up = plain(word)
        alike = (own for own in known if plain(own) == looked_up)
        others = (
            own
            for own, words in self.same.items()
            if own in known and looked_up in words.split()
        )
        return next(chain(alike, others), None)

    def advice(self, word: str) -> str:
        """What to do without a word that has no equivalent."""
        looked_up = plain(word)
        for words, advice in self.other.items():
            if looked_up in words.split():
                written = _WRITTEN.fullmatch(advice)
                return Advice(advice, Fix(written[1])) if written else advice
        ends = (found for words in self.other for found in words.split())
        end = max(filter(looked_up.endswith, ends), key=len, default="")
        return self.advice(end) if len(end) > _SHORT else ""


_WRITTEN = re.compile(r"write (\[[^\]]*\])")
_SHORT = 4
"""Letters of a word that is not looked for at the end of others."""


def plain(word: str) -> str:
    """Without module, capitals and signs: `nn.Conv2d`, `Conv2D`, `conv_2d` are one."""
    return "".join(c for c in word.rpartition(".")[2].lower() if c.isalnum())
