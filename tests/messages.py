"""Find every text that a person can meet, and bring the ``.po`` files of the areas up to date.

``python -m tests.messages`` adds to each area's Japanese file what its templates and modules say
and the file lacks, and drops what nobody says any more. Texts are found by Django's own template
parser and Python's own, so that no gettext is needed; ``tests/quality/test_translations.py`` uses
the same finder.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final

import polib

SOURCE: Final = Path(__file__).parents[1] / "src" / "hikeshi"
LANGUAGE: Final = "ja"
_PLAIN: Final = {"_", "gettext", "gettext_lazy", "gettext_noop", "ugettext"}
_PLURAL: Final = {"ngettext", "ngettext_lazy"}
_CONTEXT: Final = {"pgettext", "pgettext_lazy"}
_CONTEXT_PLURAL: Final = {"npgettext", "npgettext_lazy"}


@dataclass(frozen=True, slots=True)
class Message:
    """A text for translation. plural and context: None without."""

    text: str
    plural: str | None
    context: str | None
    place: str


@dataclass(frozen=True, slots=True)
class Area:
    """One package of the house with its texts."""

    name: str
    folder: Path

    @property
    def po(self) -> Path:
        return self.folder / "locale" / LANGUAGE / "LC_MESSAGES" / "django.po"

    @property
    def templates(self) -> list[Path]:
        return sorted(
            path for path in self.folder.rglob("templates/**/*") if path.suffix in {".html", ".txt"}
        )

    def messages(self) -> list[Message]:
        """Return all its texts, in the order of files."""
        found: list[Message] = []
        for path in self.templates:
            found += in_template(path)
        for path in sorted(self.folder.rglob("*.py")):
            if "migrations" not in path.parts:
                found += in_module(path)
        return found


def areas() -> list[Area]:
    """Return every package below ``src/hikeshi``."""
    return [
        Area(folder.name, folder)
        for folder in sorted(SOURCE.iterdir())
        if (folder / "__init__.py").exists()
    ]


def area_of_texts(area: Area) -> Area:
    """Return where an area's texts are translated: ``remote`` has no file of its own."""
    has_own = (area.folder / "apps.py").exists() or (area.folder / "locale").exists()
    return area if has_own else Area("ui", SOURCE / "ui")


# ---- Python ----


class NotConstant(Exception):
    """A text for translation that is put together at run time, so that no file can hold it."""


def in_module(path: Path) -> Iterator[Message]:
    """Yield the texts of a Python module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = _called(node.func)
        place = f"{path.relative_to(SOURCE)}:{node.lineno}"
        if name in _PLAIN and node.args:
            yield Message(_constant(node.args[0], place, path), None, None, place)
        elif name in _PLURAL:
            one, many = (_constant(arg, place, path) for arg in node.args[:2])
            yield Message(one, many, None, place)
        elif name in _CONTEXT:
            context, text = (_constant(arg, place, path) for arg in node.args[:2])
            yield Message(text, None, context, place)
        elif name in _CONTEXT_PLURAL:
            context, one, many = (_constant(arg, place, path) for arg in node.args[:3])
            yield Message(one, many, context, place)


def _called(func: ast.expr) -> str:
    if isinstance(func, ast.Name):
        return func.id
    return func.attr if isinstance(func, ast.Attribute) else ""


def _constant(node: ast.expr, place: str, path: Path) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr | ast.BinOp):
        raise NotConstant(f"{place}: write the whole sentence, with places, as one string")
    # A sentence that was marked elsewhere by gettext_noop and is translated by its variable here.
    return ""


# ---- templates ----


def in_template(path: Path) -> Iterator[Message]:
    """Yield the texts of a template, with the lines they stand in."""
    from django.template import Template, engines

    engine: Any = engines["django"]
    template = Template(path.read_text(encoding="utf-8"), engine=engine.engine)
    yield from _walk(template.nodelist, str(path.relative_to(SOURCE)), 0, set())


def _walk(value: Any, place: str, line: int, seen: set[int]) -> Iterator[Message]:
    """Yield the texts below a node, a filter expression or a list of them."""
    from django.template.base import FilterExpression, Node, Variable
    from django.templatetags.i18n import BlockTranslateNode, TranslateNode

    if isinstance(value, list | tuple):
        for part in value:
            yield from _walk(part, place, line, seen)
        return
    # Nodes hold each other in circles. Lists made on the way are no nodes: their ids come again.
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, Node) and getattr(value, "token", None) is not None:
        line = value.token.lineno or line
    where = f"{place}:{line}"
    if isinstance(value, TranslateNode | BlockTranslateNode):
        yield from _translated(value, where)
    elif isinstance(value, Variable):
        if value.translate and isinstance(value.literal, str):
            yield Message(value.literal, None, None, where)
    elif isinstance(value, dict):
        yield from _walk(list(value.values()), place, line, seen)
    elif isinstance(value, Node | FilterExpression) or _is_of_templates(value):
        yield from _walk(_parts(value), place, line, seen)


def _translated(node: Any, where: str) -> Iterator[Message]:
    """Yield the text of ``{% translate %}`` or ``{% blocktranslate %}``."""
    from django.template import Context
    from django.template.base import Variable

    context = node.message_context
    said = context.resolve(Context()) if context is not None else None
    if hasattr(node, "singular"):
        many = node.render_token_list(node.plural)[0] if node.plural else None
        yield Message(node.render_token_list(node.singular)[0], many, said, where)
        return
    text = node.filter_expression.var
    text = text.literal if isinstance(text, Variable) else text
    if isinstance(text, str):
        yield Message(text, None, said, where)


def _is_of_templates(value: object) -> bool:
    # Parts of conditions and loops are small classes of Django's own, no nodes.
    return type(value).__module__.startswith(("django.template", "django.templatetags"))


def _parts(value: object) -> list[Any]:
    slots = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
    held = [getattr(value, name) for name in slots if hasattr(value, name)]
    return [*held, *getattr(value, "__dict__", {}).values()]


# ---- words that stand in a template outside of any tag ----

_SHOWN_ATTRIBUTES: Final = {"aria-label", "title", "alt", "placeholder", "data-l", "data-text"}
_PLACE: Final = "\ue000"
# Names, labels of standards and the two languages' own names are the same in every language.
SAME_EVERYWHERE: Final = {
    "Language / 言語",
    "Hikeshi", "日本語", "EN", "言語", "JSON", "CSV", "XLSX", "CSAF", "VEX", "SBOM", "KEV",
    "EPSS", "CVSS", "CVE", "CWE", "SSVC", "TLP", "UTC", "API", "URL", "OpenAPI",
    "openapi.json", "CPE", "purl", "PSIRT", "NDA", "OpenPGP", "PGP", "S/MIME", "SHA-256",
    "sha256", "ms", "j", "k", "x", "Esc", "Enter", "CycloneDX", "SPDX", "OSV", "JVN", "NVD",
    "HTML", "PDF", "Markdown", "ID", "OK", "SLA", "CRA", "CNA", "Atom", "ja", "en",
    "hk_", "hk__", "CVE-… GHSA-…",
}  # fmt: skip
_UNSEEN_BLOCKS: Final = {"block body_class"}
_CODE: Final = {"script", "style", "code", "kbd", "samp", "pre"}


class _Shown(HTMLParser):
    """Collects what a reader sees or hears of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, int]] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _CODE:
            self._hidden += 1
        values = dict(attrs)
        shown = set(_SHOWN_ATTRIBUTES)
        if tag == "input" and values.get("type") in {"submit", "button"}:
            shown.add("value")
        for name, value in attrs:
            if name in shown and value:
                self.found.append((value, self.getpos()[0]))

    def handle_endtag(self, tag: str) -> None:
        if tag in _CODE:
            self._hidden -= 1

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.found.append((data, self.getpos()[0]))


def bare_words(path: Path) -> Iterator[str]:
    """Yield the words of a template that no translation can reach, with their lines."""
    from django.template.base import Lexer, TokenType

    if path.name == "500.html":
        return  # says all in both languages, since it must not depend on anything

    written: list[str] = []
    skip_to = ""
    for token in Lexer(path.read_text(encoding="utf-8")).tokenize():
        lines = "\n" * token.contents.count("\n")
        if token.token_type == TokenType.BLOCK:
            word = token.contents.split()[0] if token.contents else ""
            if skip_to:
                skip_to = "" if word == skip_to else skip_to
            elif token.contents in _UNSEEN_BLOCKS:
                skip_to = "endblock"
            elif word in {"blocktranslate", "blocktrans", "comment", "verbatim"}:
                skip_to = f"end{word}"
            written.append(_PLACE + lines)
        elif token.token_type == TokenType.TEXT and not skip_to:
            written.append(token.contents)
        else:
            written.append(_PLACE + lines)
    parser = _Shown()
    parser.feed("".join(written))
    for text, at in parser.found:
        for piece in re.split(rf"[{_PLACE}\s·/,.:;()\[\]–→+]+", text):
            if re.search(r"[^\W\d_]", piece) and not _is_same_everywhere(piece, text):
                yield f"{path.relative_to(SOURCE)}:{at}: {text.strip(_PLACE).strip()[:60]}"
                break


def _is_same_everywhere(piece: str, text: str) -> bool:
    return piece in SAME_EVERYWHERE or text.strip() in SAME_EVERYWHERE


# ---- the files ----


def wanted(area: Area) -> dict[tuple[str | None, str], Message]:
    """Return what the file of an area has to translate, each text once."""
    sources = [one for one in areas() if area_of_texts(one) == area]
    found: dict[tuple[str | None, str], Message] = {}
    for source in sources:
        for message in source.messages():
            if message.text:
                key = (message.context, message.text)
                if key not in found or (message.plural and not found[key].plural):
                    found[key] = message
    return found


def read(area: Area) -> polib.POFile:
    """Return an area's file; an empty one where there is none."""
    if area.po.exists():
        return polib.pofile(str(area.po), wrapwidth=100)
    empty = polib.POFile(wrapwidth=100)
    empty.metadata = {
        "Project-Id-Version": "Hikeshi",
        "Language": LANGUAGE,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": "nplurals=1; plural=0;",
    }
    return empty


def given_elsewhere(area: Area) -> set[tuple[str | None, str]]:
    """Return what other areas and Django's own files translate already."""
    found: set[tuple[str | None, str]] = set()
    for other in areas():
        if other != area and other.po.exists():
            found |= {(entry.msgctxt, entry.msgid) for entry in read(other) if is_done(entry)}
    return found


def is_done(entry: polib.POEntry) -> bool:
    """Tell whether an entry holds a whole translation."""
    if entry.obsolete or entry.fuzzy:
        return False
    texts = entry.msgstr_plural.values() if entry.msgid_plural else [entry.msgstr]
    return bool(texts) and all(texts)


def bring_up_to_date(area: Area) -> tuple[int, int]:
    """Add what the file lacks and drop what nobody says; return how many of each."""
    texts, file = wanted(area), read(area)
    elsewhere = given_elsewhere(area)
    held = {(entry.msgctxt, entry.msgid): entry for entry in file}
    gone = [entry for key, entry in held.items() if key not in texts]
    for entry in gone:
        file.remove(entry)
    new = [m for key, m in texts.items() if key not in held and key not in elsewhere]
    for message in new:
        plural = {0: ""} if message.plural else {}
        file.append(
            polib.POEntry(
                msgid=message.text,
                msgctxt=message.context,
                msgid_plural=message.plural or "",
                msgstr_plural=plural,
            )
        )
    if new or gone:
        area.po.parent.mkdir(parents=True, exist_ok=True)
        file.save(str(area.po))
    return len(new), len(gone)


def main(names: Iterable[str]) -> int:
    """Bring the named areas' files up to date, or all."""
    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hikeshi.project.settings")
    import django

    django.setup()
    only = set(names)
    for area in areas():
        if area_of_texts(area) != area or (only and area.name not in only):
            continue
        new, gone = bring_up_to_date(area)
        if new or gone:
            print(f"{area.name}: {new} new, {gone} dropped")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
