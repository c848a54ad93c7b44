"""Networks of users' making, each to say something odd: `reference/networks/*.md`.

Each is right in both frameworks, for another number of classes too where it says so,
or refused with a place.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import torch
from exchange import Case, assert_right, tolerance
from keras.utils import set_random_seed
from test_initializers import check
from test_style import complaints

from archspec.elaboration import elaborate
from archspec.errors import SpecError
from archspec.targets import TARGETS

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")

FOLDER = Path(__file__).parent.parent / "reference/networks"
USUAL = re.findall(
    r"^\w.*\n(?:  .*\n)*", (FOLDER / "usual.yaml").read_text("utf-8"), re.M
)
CASE = re.compile(
    r"^## (?P<title>.+)\n\n"
    r"```yaml\n(?P<spec>[^`]*)```$"
    r"(?P<also>(?:\n\nAlso (?:for|with) .+\.)*)"
    r"(?:\n\n```text\n(?P<refusals>(?:.+\n)*)```)?$",
    re.MULTILINE,
)
CASES = {
    f"{path.stem}: {case['title']}": case
    for path in sorted(FOLDER.glob("*.md"))
    for case in CASE.finditer(path.read_text("utf-8"))
}


def complete(spec: str) -> str:
    keys = set(re.findall(r"^\w+:", spec, re.MULTILINE))
    return spec + "".join(
        part for part in USUAL if part.partition(" ")[0].strip() not in keys
    )


def refusals(case: re.Match[str]) -> dict[str, str]:
    """The first line of what is said, by target."""
    lines = (case["refusals"] or "").splitlines()
    said = dict(line.split(": ", 1) for line in lines)
    return {**dict.fromkeys(TARGETS, said.pop("all"))} if "all" in said else said


SLOW = {"blocks: Widths and variants", "settings: Initializers of every kind"}
"""Each takes seconds."""


@pytest.mark.parametrize(
    "title",
    [pytest.param(t, marks=[pytest.mark.full] if t in SLOW else []) for t in CASES],
)
def test_right_or_refused(tmp_path, title):
    path, found = tmp_path / "net.yaml", CASES[title]
    path.write_text(complete(found["spec"]), encoding="utf-8")
    refused = refusals(found)
    for target, message in refused.items():
        with pytest.raises(SpecError) as caught:
            getattr(Case(elaborate(path)), f"{target}_text")
        assert str(caught.value).splitlines()[0] == message
        assert "no layers" in message or caught.value.diagnostics[0].place
    right = [target for target in TARGETS if target not in refused]
    if not right:
        return
    case, also = Case(elaborate(path)), found["also"]
    check_files(case, right, tmp_path)
    for classes in re.findall(r"Also for (\d+) classes", also):
        check_files(case.for_classes(int(classes)), right, tmp_path)
    for options in re.findall("Also with `(.+)`", also):
        check_files(Case(elaborate(path, *parsed(options))), right, tmp_path)
    if "initializer" in found["spec"] and not refused:
        torch.manual_seed(0)
        set_random_seed(0)
        assert check(case, 150)


def parsed(options: str) -> tuple[list[str], list[str]]:
    """The variants and overrides of a command line."""
    words = shlex.split(options)
    pairs = list(zip(words[::2], words[1::2], strict=True))
    return tuple([v for o, v in pairs if o == name] for name in ("--variant", "--set"))


def check_files(case: Case, targets: list[str], folder: Path) -> None:
    for target in targets:
        exact = target != "keras"
        assert_right(case, target, 1e-9 if exact else tolerance(case.network))
    texts = {target: getattr(case, f"{target}_text") for target in targets}
    assert not complaints(texts, folder)


def test_every_heading_is_a_case():
    texts = [path.read_text("utf-8") for path in FOLDER.glob("*.md")]
    assert len(CASES) == sum(text.count("\n## ") for text in texts) > 150
