"""The text of all integrations, in blocks."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.exposition.blocks import SIZE, Blocks

FAMILIES = ("errors", "calls")
NAMES = [f"integration-{number}" for number in range(2 * SIZE + 3)]

changes = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from((*FAMILIES, "forget")), st.binary(max_size=6)), max_size=400
)


def text(blocks: Blocks, family: str) -> bytes:
    return b"".join(block.text for block in blocks.taken().get(family, ()))


def pieces(blocks: Blocks, family: str, name: str) -> bytes:
    """What an integration has of a family."""
    return b"".join(cut.text for cut in blocks.of_integrations([name]).get(family, ()))


class Naive:
    """The same as a table: a place each, and in it a piece of every family."""

    def __init__(self) -> None:
        self.places: list[str | None] = []
        self.pieces: dict[tuple[str, str], bytes] = {}

    def put(self, name: str, family: str, piece: bytes) -> None:
        if name not in self.places and piece:
            if None in self.places:
                self.places[self.places.index(None)] = name
            else:
                self.places.append(name)
        self.pieces[name, family] = piece

    def forget(self, name: str) -> None:
        self.places = [None if there == name else there for there in self.places]
        self.pieces = {key: piece for key, piece in self.pieces.items() if key[0] != name}

    def text(self, family: str) -> bytes:
        return b"".join(self.pieces.get((name, family), b"") for name in self.places if name)


@given(changes)
@settings(derandomize=True, deadline=None, max_examples=60)
def test_any_changes_leave_what_a_table_would_hold(changes: list[tuple[str, str, bytes]]) -> None:
    """Whatever comes, changes and goes, in whatever order."""
    blocks, naive = Blocks(), Naive()
    for name, what, piece in changes:
        if what == "forget":
            blocks.forget(name)
            naive.forget(name)
        else:
            blocks.put(name, what, piece)
            naive.put(name, what, piece)
    for family in FAMILIES:
        assert text(blocks, family) == naive.text(family)
        for name in NAMES:
            assert pieces(blocks, family, name) == naive.pieces.get((name, family), b"")


def test_what_was_taken_does_not_change() -> None:
    """Whoever joins it slowly reads one moment."""
    blocks = Blocks()
    for name in NAMES:
        blocks.put(name, "errors", f"{name} 1\n".encode())
    taken = blocks.taken()
    before = b"".join(block.text for block in taken["errors"])
    for name in NAMES:
        blocks.put(name, "errors", f"{name} 2\n".encode())
        blocks.put(name, "calls", b"new\n")
    blocks.forget(NAMES[0])
    assert b"".join(block.text for block in taken["errors"]) == before
    assert taken.keys() == {"errors"}


def test_what_stays_the_same_is_not_copied() -> None:
    """A piece that reads as before leaves its block alone."""
    blocks = Blocks()
    blocks.put("acme", "errors", b"3\n")
    (block,) = blocks.taken()["errors"]
    blocks.put("acme", "errors", b"3\n")
    assert blocks.taken()["errors"][0] is block


def test_who_comes_takes_the_place_of_one_who_went() -> None:
    """A fleet whose integrations come and go for months does not grow."""
    blocks = Blocks()
    for number in range(10 * SIZE):
        blocks.put(f"integration-{number}", "errors", b"1\n")
        blocks.forget(f"integration-{number}")
    assert len(blocks.taken()["errors"]) == 1
    assert text(blocks, "errors") == b""


def test_nothing_is_known_of_an_integration_without_text() -> None:
    """It takes no place, and asking for it is no error."""
    blocks = Blocks()
    blocks.put("acme", "errors", b"")
    blocks.forget("acme")
    assert list(blocks) == []
    assert blocks.of_integrations(["acme"]) == {}
