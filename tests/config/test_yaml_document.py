"""YAML with the line of every value."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from exporter.config.yaml_document import YamlDocument, YamlSyntaxError, read_yaml


def read(folder: Path, text: str | bytes) -> YamlDocument:
    file = folder / "file.yml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return read_yaml(file)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", "on"),
        ("off", "off"),
        ("yes", "yes"),
        ("n", "n"),
        ("true", True),
        ("False", False),
        ("", None),
        ("~", None),
        ("null", None),
        ("12", 12),
        ("-1", -1),
        ("62.0", 62.0),
        ("1e3", 1000.0),
        ("060000", "060000"),
        ("0x10", "0x10"),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        (".inf", ".inf"),
        ("2026-11-21", "2026-11-21"),
        ("2026-13-45", "2026-13-45"),
        ('"62.0"', "62.0"),
    ],
)
def test_only_json_s_scalars_are_more_than_text(text: str, value: object, tmp_path: Path) -> None:
    """YAML 1.1 turns some words into booleans, octal numbers or dates; here they stay what was written."""
    read_value = read(tmp_path, f"key: {text}\n").data["key"]
    assert (read_value, type(read_value)) == (value, type(value))


def test_on_stays_a_key(tmp_path: Path) -> None:
    """``on: firing`` and ``notify: off`` survive."""
    assert read(tmp_path, "on: firing\nnotify: off\n").data == {"on": "firing", "notify": "off"}


def test_every_value_has_its_line(tmp_path: Path) -> None:
    """Counted from 1; what does not exist has the line of its nearest parent."""
    document = read(tmp_path, "a: 1\nb:\n  - c: 2\n    d:\n      e\n  - 5\n")
    lines = {path: document.line(path) for path in [("a",), ("b", 0, "c"), ("b", 0, "d"), ("b", 1)]}
    assert lines == {("a",): 1, ("b", 0, "c"): 3, ("b", 0, "d"): 4, ("b", 1): 6}
    assert (document.line(("b", 0, "gone")), document.line(("b", 7)), document.line(())) == (3, 2, 1)


def test_a_key_that_stands_twice_is_found_at_its_second_place(tmp_path: Path) -> None:
    """YAML itself would silently take the last one."""
    document = read(tmp_path, "a: 1\nb: [{c: 2, c: 3}]\na: 4\n")
    assert document.duplicates == ((("b", 0, "c"), 2), (("a",), 3))


def test_a_merged_mapping_may_be_overridden(tmp_path: Path) -> None:
    """``<<: *defaults`` with a key of its own is no duplicate, and the line is that of the own key."""
    document = read(tmp_path, "a: &defaults\n  name: one\n  left: 1\nb:\n  <<: *defaults\n  name: two\n")
    assert document.data["b"] == {"name": "two", "left": 1}
    assert document.duplicates == ()
    assert (document.line(("b", "name")), document.line(("b", "left"))) == (6, 3)


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        (b"a: 1\nb: \xff\n", 2, "byte 0xff is not UTF-8"),
        ("a: 1\n".encode("utf-16"), 1, "it is UTF-16"),
        ("\ufeffa: 1\n".encode("utf-16-be"), 1, "it is UTF-16"),
        (b"a: 1\nb: \x07\n", 2, "character U+0007 is not allowed"),
        ("a: 1\n\tb: 2\n", 2, "found character '\\t' that cannot start any token"),
        ("a: 1\n---\nb: 2\n", 2, "expected a single document in the stream, but found another document"),
        ("a: [1,\n", 2, "expected the node content"),
        ("a: &x [*x]\n", 1, "an alias stands inside its own anchor"),
        ("[" * 3000, 1, "nested too deeply"),
        ("{a: " * 20_000, 1, "nested too deeply"),
        ("- " * 200_000, 1, "nested too deeply"),
        ("a: !!python/object:os.system x\n", 1, "could not determine a constructor"),
        ("? [a]\n: 1\n", 1, "found unhashable key"),
        ("a: " + "1" * 5000 + "\n", 1, "Exceeds the limit"),
        ('{"a": "\\ud83d\\ude00",\n"b": "\\ude00\\ud83d"}', 2, "half of a character"),
        ('- ["\\U0000d83d"]\n', 1, "half of a character"),
    ],
)
def test_what_is_not_yaml_says_where_and_why(text: str | bytes, line: int, problem: str, tmp_path: Path) -> None:
    """The line on which reading stopped, and a reason that helps."""
    with pytest.raises(YamlSyntaxError) as caught:
        read(tmp_path, text)
    assert caught.value.line == line
    assert problem in str(caught.value)


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    """Editors on Windows write one."""
    assert read(tmp_path, b"\xef\xbb\xbfa: 1\r\nb: 2\r\n").data == {"a": 1, "b": 2}
    assert read(tmp_path, b'\xef\xbb\xbf{\r\n\t"a": 1\r\n}').data == {"a": 1}


def test_keys_are_text_as_in_json(tmp_path: Path) -> None:
    """Whatever they look like, merged ones too."""
    text = "a: &a {5: x, null: [{true: y, 1.5: z}]}\nb: {<<: *a, ~: w, off: v}\n"
    inner = {"5": "x", "null": [{"true": "y", "1.5": "z"}]}
    assert read(tmp_path, text).data == {"a": inner, "b": {**inner, "~": "w", "off": "v"}}


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="\u2028\u2029\ufeff")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcxyz_", min_size=1), inner, max_size=4),
    max_leaves=10,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(value=JSON, indent=st.sampled_from([None, 2, "\t"]), escaped=st.booleans())
@example(value={"\U0001f600": ["\U0001f600"]}, indent=None, escaped=True)
def test_json_is_read_as_json(value: Any, indent: int | str | None, escaped: bool, tmp_path: Path) -> None:
    """However a JSON file is indented, tabs included, and its letters are written, it is read as what it says."""
    assert read(tmp_path, json.dumps(value, ensure_ascii=escaped, indent=indent)).data == value
