"""Gather the pages of the site from the Markdown of the repository.

    python docs/website/gather.py [FOLDER]      # build/pages

Pages keep their paths, so a relative link leads to the same file as in the repository.
README.md becomes index.md with the navigation, and a page shows each file that is
linked and is no page itself. `files/` holds what the site serves as it is.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from networks import FOLDER, network_pages

import archspec

ROOT = Path(__file__).resolve().parents[2]
OWN = Path(__file__).parent / "pages"
LINK = re.compile(r"(?<=\]\()(?!https:|#)([^)#\s]+)")
README_ENDS = "<!-- On the site, the navigation takes over from here. -->\n"
LANGUAGES = {".py": "python", ".yaml": "yaml", ".yml": "yaml", ".json": "json"}
FENCE = "`" * 8

Pages = dict[Path, str]
"""Texts by their path in the repository, or where the site has them."""


def gather(folder: Path) -> None:
    """Write all pages and pictures to a folder, and nothing else."""
    pages = {path: relinked(path, text) for path, text in sources()}
    while files := viewed(pages):
        pages |= {shown_at(file): viewer(file) for file in files}
    files = {path: text.encode() for path, text in pages.items()} | dict(served())
    for picture in (ROOT / "docs" / "pictures").iterdir():
        files[picture.relative_to(ROOT)] = picture.read_bytes()
    update(folder, files)


def sources() -> Iterator[tuple[Path, str]]:
    """The pages of the repository, those of the site, and one for each network."""
    readme, _, _ = (ROOT / "README.md").read_text("utf-8").partition(README_ENDS)
    yield Path("index.md"), readme + (OWN / "index.md").read_text("utf-8")
    names = "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"
    written = [ROOT / name for name in names] + [*(ROOT / "docs").rglob("*.md")]
    for path in written:
        if OWN not in path.parents:
            yield path.relative_to(ROOT), path.read_text("utf-8")
    for path in OWN.rglob("*.md"):
        if path.name != "index.md" or path.parent != OWN:
            yield Path("docs") / path.relative_to(OWN), path.read_text("utf-8")
    names = archspec.bundled_specs()
    yield from network_pages({name: archspec.load(name) for name in names})


def served() -> Iterator[tuple[Path, bytes]]:
    """What Sphinx copies: colours, pictures and reports of networks, the playground."""
    palette = ROOT / "templates" / "web" / "palette.css"
    yield Path("files/_static/palette.css"), palette.read_bytes()
    names = archspec.bundled_specs()
    with ProcessPoolExecutor() as pool:
        for name, (svg, report) in zip(names, pool.map(drawn, names), strict=True):
            yield "files" / FOLDER / "pictures" / f"{name}.svg", svg.encode()
            yield "files" / FOLDER / "reports" / f"{name}.html", report.encode()
    playground = ROOT / "build" / "playground"
    for path in playground.rglob("*"):
        if path.is_file():
            inside = path.relative_to(playground)
            yield Path("files/playground") / inside, path.read_bytes()


def drawn(name: str) -> tuple[str, str]:
    """The picture and the report of a bundled network."""
    network = archspec.load(name)
    return network.draw("svg"), network.report()


def relinked(page: Path, text: str) -> str:
    """The text of a page whose links lead to pages of the site."""

    def to_site(link: re.Match[str]) -> str:
        found = Path(os.path.normpath(page.parent / link[1]))
        return os.path.relpath(shown_at(found), page.parent)

    return LINK.sub(to_site, text)


def shown_at(file: Path) -> Path:
    """The page that shows a file or folder of the repository."""
    if file == Path("README.md"):
        return Path("index.md")
    if (ROOT / file).is_dir():
        return file / "index.md"
    if file.suffix in {".md", ".svg"}:
        return file
    return file.with_name(f"{file.name}.md")


def viewed(pages: Pages) -> set[Path]:
    """The files and folders that pages link and that are no pages themselves."""
    linked = {
        Path(os.path.normpath(page.parent / link))
        for page, text in pages.items()
        for link in LINK.findall(text)
    }
    missing = (page for page in linked - pages.keys() if page.suffix == ".md")
    return {file for page in missing for file in origins(page)}


def origins(page: Path) -> list[Path]:
    """The file or folder of the repository that a page shows, if there is one."""
    found = page, page.with_suffix(""), page.parent
    return [file for file in found if (ROOT / file).exists() and shown_at(file) == page]


def viewer(file: Path) -> str:
    """A page that shows a file, or lists a folder."""
    if file.suffix == ".md":
        text = relinked(file, (ROOT / file).read_text("utf-8"))
        return f"---\norphan: true\n---\n\n{text}"
    if (ROOT / file).is_dir():
        names = sorted(path.name for path in (ROOT / file).iterdir())
        body = "\n".join(f"- `{name}`" for name in names)
    else:
        language = LANGUAGES.get(file.suffix, "text")
        text = (ROOT / file).read_text("utf-8")
        body = f"{FENCE}{language}\n{text}{FENCE}"
    return f"---\norphan: true\nnosearch: true\n---\n\n# {file}\n\n{body}\n"


def update(folder: Path, files: dict[Path, bytes]) -> None:
    """Make a folder hold these files; those that are equal keep their time."""
    for path in [path for path in folder.rglob("*") if path.is_file()]:
        if path.relative_to(folder) not in files:
            path.unlink()
    for name, content in files.items():
        path = folder / name
        if not path.is_file() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


if __name__ == "__main__":
    gather(Path(*sys.argv[1:2] or [ROOT / "build" / "pages"]))
