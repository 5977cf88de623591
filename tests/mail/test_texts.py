"""The text of HTML, and the writer's own words apart from what is quoted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.mail.html_text import text_and_links
from exporter.mail.quotation import own_and_quoted


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>a<p>b", "a\n\nb"),
        ("<b>sus</b>pended <i>now</i>", "suspended now"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<table><tr><td>Picklists</td><td>3</td></tr></table>", "Picklists\n\n3"),
        ("<head><title>x</title><style>p > a {}</style></head><body>a</body>", "a"),
        ("<head><title>x<body>a", "a"),
        ("<script>if (a < b) { document.write('<p>') }</script>a", "a"),
        ("a<!-- <p>b</p> -->c<!-- never closed", "ac"),
        ("<!DOCTYPE html><?xml version='1'?>a", "a"),
        ("&Uuml;ber&nbsp;uns &lt;p&gt; &amp;amp; &#8211;", "Über uns <p> &amp; –"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("a <p", "a"),
        ("<blockquote>a<br>b<blockquote>c</blockquote></blockquote>d", "> a\n> b\n\n> > c\n\n>\n\nd"),
        ("</blockquote>a", "a"),
        ("sus&shy;pended", "suspended"),
        ("", ""),
    ],
)
def test_html_is_read_as_it_is_seen(html: str, text: str) -> None:
    """Blocks apart from one another; block quotations as plain text quotes."""
    assert text_and_links(html)[0] == text


def test_links_are_kept_in_their_order() -> None:
    """In whichever quotes; each once."""
    html = """<a class=x href="https://a/?b&amp;c">1</a><A HREF='https://d'>2</A><a href=https://e>3</a><a href="https://d">4</a>"""
    assert text_and_links(html)[1] == ("https://a/?b&c", "https://d", "https://e")


@given(st.text(alphabet="<>!-/ab'\"=&;# \n", max_size=300))
def test_broken_html_has_a_text(html: str) -> None:
    """Whatever is opened and never closed."""
    text_and_links(html)


QUOTED = "From: HubSpot <noreply@hubspot.com>\nSent: Friday\nTo: me\nSubject: suspended\n\nsuspended"


@pytest.mark.parametrize(
    ("text", "own", "quoted"),
    [
        ("a\n> b\nc", "a\nc", "b"),
        ("no\n\nOn Friday, HubSpot wrote:\n\n> suspended", "no", "On Friday, HubSpot wrote:\nsuspended"),
        (f"no\n\n-----Original Message-----\n{QUOTED}", "no", f"-----Original Message-----\n\n{QUOTED}"),
        (f"no\n________________________________\n{QUOTED}", "no", f"________________________________\n{QUOTED}"),
        (
            "nein\n\nVon: a@b.example\nGesendet: Freitag\nBetreff: x\n\ny",
            "nein",
            "\nVon: a@b.example\nGesendet: Freitag\nBetreff: x\n\ny",
        ),
        ("no\n-- \nJane Roe\nsuspended", "no", ""),
        (
            "Reason: Unknown error\nHub ID: 1\nOwner: a@b.example",
            "Reason: Unknown error\nHub ID: 1\nOwner: a@b.example",
            "",
        ),
        ("From: 1 to 2", "From: 1 to 2", ""),
        ("", "", ""),
    ],
)
def test_what_is_quoted_is_not_the_writers(text: str, own: str, quoted: str) -> None:
    """Behind ``>``, below the header of another message, and what a signature says; rows of a notification are."""
    found = own_and_quoted(text)
    assert (found[0], found[1]) == (own, quoted.strip())


@given(st.text(alphabet="From:@>ab -\n", max_size=200))
def test_no_word_is_both_own_and_quoted(text: str) -> None:
    """A line is on one side, or below a signature."""
    own, quoted = own_and_quoted(text)
    assert len(own.split()) + len(quoted.split()) <= len(text.split())
