"""The text and the links of an HTML e-mail.

A scanner and no parser: it has to read what strangers write in one pass, however long, unclosed or nested it is.
``html.parser`` takes time by the square for some of that (CVE-2025-6069).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape

_BLOCKS = frozenset(
    {
        *("address", "article", "blockquote", "body", "center", "div", "fieldset", "footer", "form", "header", "hr"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "main", "nav", "p", "pre", "section"),
        *("dl", "dd", "dt", "li", "ol", "ul", "table", "tbody", "td", "tfoot", "th", "thead", "tr"),
    }
)
_UNSEEN = frozenset({"script", "style", "head", "title", "template", "noscript"})
_TAG = re.compile(r"(/?)([A-Za-z][A-Za-z0-9]*)")
_HREF = re.compile(r"""\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_LONGEST_TAG = 8_192
_MOST_LINKS = 500


@dataclass(slots=True)
class _Page:
    """What has been read so far; ``quotes`` is how many block quotations are open."""

    pieces: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    quotes: int = 0

    def text(self) -> str:
        lines = (" ".join(line.split()) for line in "".join(self.pieces).split("\n"))
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def text_and_links(html: str) -> tuple[str, tuple[str, ...]]:
    """Blocks are separated by empty lines; lines of a block quotation begin with ``>`` as in plain text."""
    page = _Page()
    position = 0
    while (opening := html.find("<", position)) >= 0:
        _add_text(page, html[position:opening])
        position = _after_tag(html, opening, page)
    _add_text(page, html[position:])
    return page.text(), tuple(dict.fromkeys(page.links))


def _add_text(page: _Page, text: str) -> None:
    if text:
        seen = " ".join(unescape(text).replace("\u200c", "").replace("\u00ad", "").split())
        blank = " " if text[0].isspace() else "", " " if text[-1].isspace() else ""
        page.pieces.append(f"{blank[0]}{seen}{blank[1]}")


def _after_tag(html: str, opening: int, page: _Page) -> int:
    """Where it goes on behind a tag, a comment, or what is not seen at all; an unclosed one takes the rest."""
    if html.startswith("<!--", opening):
        return _behind(html, "-->", opening + 4)
    tag = _TAG.match(html, opening + 1)
    if tag is None:
        if html.startswith(("<!", "<?"), opening):
            return _behind(html, ">", opening)
        page.pieces.append("<")
        return opening + 1
    end = _behind(html, ">", tag.end())
    closes, name = bool(tag[1]), tag[2].lower()
    if name in _UNSEEN and not closes:
        return _behind_closing(html, name, end)
    _note(page, name, closes, html[tag.end() : min(end, tag.end() + _LONGEST_TAG)])
    return end


def _note(page: _Page, name: str, closes: bool, attributes: str) -> None:
    if name == "blockquote":
        page.quotes = max(0, page.quotes + (-1 if closes else 1))
    if name in _BLOCKS:
        page.pieces.append("\n\n" + "> " * min(page.quotes, 3))
    elif name == "br":
        page.pieces.append("\n" + "> " * min(page.quotes, 3))
    elif name == "a" and not closes and len(page.links) < _MOST_LINKS:
        for found in _HREF.findall(attributes):
            page.links.append(unescape(next((text for text in found if text), "")).strip())


def _behind(html: str, what: str, start: int) -> int:
    found = html.find(what, start)
    return len(html) if found < 0 else found + len(what)


def _behind_closing(html: str, name: str, start: int) -> int:
    """Behind ``</name>``; a head that is never closed ends where the body begins."""
    closing = re.compile(
        rf"</{name}[^>]{{0,100}}>" + (r"|(?=<body)" if name in ("head", "title") else ""), re.IGNORECASE
    )
    found = closing.search(html, start)
    return len(html) if found is None else found.end()
