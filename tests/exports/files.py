"""Files as they come out of HubSpot, spreadsheets, scripts and accidents, and what each gives."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, field

HEADINGS = "Error Type,Details,Record,Affected Records,HubSpot ID,Salesforce ID\r\n"
TWO = (
    "Restricted picklist value,Industry: bad value,Jane Doe,1,101,0035g00000AbCdEAAV\r\n"
    "Inactive Salesforce owner,Owner is inactive,John Roe,2,102,0035g00000AbCdFAAV\r\n"
)
PICKLISTS = {"picklists": {"restricted_picklist_value": 1, "inactive_salesforce_owner": 1}}

Counts = dict[str, dict[str, int]]


@dataclass(frozen=True)
class Case:
    """A file by its name and bytes; it gives ``counts`` (by category and type) and so many ``odd`` rows, or else
    nothing, for ``problem``, which is missing from the part ``part``."""

    what: str
    name: str
    content: bytes
    counts: Counts = field(default_factory=dict)
    odd: int = 0
    problem: str = ""
    part: str = "picklists"


def zipped(files: dict[str, bytes], *, password: bool = False, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of them; one with a password by its flags alone."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    data = packed.getvalue()
    if not password:
        return data
    flagged = data.replace(b"PK\x03\x04\x14\x00\x00\x00", b"PK\x03\x04\x14\x00\x01\x00")
    return flagged.replace(b"PK\x01\x02\x14\x03\x14\x00\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01\x00")


def _damaged(method: int) -> bytes:
    """A zip with other bytes in the middle of what is packed."""
    data = zipped({"picklists.csv": _text(_PLAIN)}, method=method)
    begin, end = data.index(b"picklists.csv") + 30, data.index(b"PK\x01\x02")
    return data[:begin] + bytes(end - begin) + data[end:]


def _displaced() -> bytes:
    """A zip that says of its file that it lies before the zip's beginning."""
    data = zipped({"picklists.csv": _text(_PLAIN)})
    at = data.index(b"PK\x05\x06") + 16
    return data[:at] + (int.from_bytes(data[at : at + 4], "little") + 1_000).to_bytes(4, "little") + data[at + 4 :]


def _text(text: str, encoding: str = "utf-8") -> bytes:
    return text.encode(encoding)


_PLAIN = HEADINGS + TWO
_POLISH = (
    "Typ błędu;Szczegóły;Identyfikator HubSpot\n"
    "Brakująca opcja listy wyboru Salesforce;Wartość „Łódź” nie istnieje;7\n"
    "Ograniczona wartość listy wyboru;Zażółć gęślą jaźń;8\n"
)
_POLISH_COUNTS = {"picklists": {"missing_salesforce_picklist_option": 1, "restricted_picklist_value": 1}}

CASES = (
    Case("as the page shows it", "picklists.csv", _text(_PLAIN), PICKLISTS),
    Case("a dated name", "hubspot-sync-errors-picklists-2026-11-27.csv", _text(_PLAIN), PICKLISTS),
    Case("a name in German", "Auswahllisten (1).csv", _text(_PLAIN), PICKLISTS),
    Case("no category in the name: the types tell it", "export.csv", _text(_PLAIN), PICKLISTS),
    Case("upper case and underscores", "picklists.csv", _text(_PLAIN.replace("Error Type", "ERROR_TYPE")), PICKLISTS),
    Case("renamed columns", "picklists.csv", _text(_PLAIN.replace("Error Type", "Was ist los")), PICKLISTS),
    Case("semicolons", "picklists.csv", _text(_PLAIN.replace(",", ";")), PICKLISTS),
    Case("tabs", "picklists.csv", _text(_PLAIN.replace(",", "\t")), PICKLISTS),
    Case("pipes", "picklists.csv", _text(_PLAIN.replace(",", "|")), PICKLISTS),
    Case(
        "semicolons, and more commas in the details",
        "picklists.csv",
        _text("Error Type;Details\nRestricted picklist value;a, b, c, d, e, f\nMismatched options;g, h, i, j, k, l\n"),
        {"picklists": {"restricted_picklist_value": 1, "mismatched_options": 1}},
    ),
    Case("Excel's own first line", "picklists.csv", _text("sep=;\r\n" + _PLAIN.replace(",", ";")), PICKLISTS),
    Case("UTF-8 with its mark", "picklists.csv", _text(_PLAIN, "utf-8-sig"), PICKLISTS),
    Case("UTF-16 with its mark", "picklists.csv", _text(_PLAIN, "utf-16"), PICKLISTS),
    Case("UTF-16 LE without a mark", "picklists.csv", _text(_PLAIN, "utf-16-le"), PICKLISTS),
    Case("UTF-16 BE without a mark", "picklists.csv", _text(_PLAIN, "utf-16-be"), PICKLISTS),
    Case("Polish titles", "eksport.csv", _text(_POLISH), _POLISH_COUNTS),
    Case("Polish titles in Windows' code page", "eksport.csv", _text(_POLISH, "cp1250"), _POLISH_COUNTS),
    Case(
        "German in Windows' code page",
        "Berechtigungen.csv",
        _text("Fehlertyp;Fehlermeldung\r\nSalesforce field permissions;Zugriff auf Größe für Müller\r\n", "cp1252"),
        {"permissions": {"salesforce_field_permissions": 1}},
    ),
    Case(
        "quotes, delimiters and line breaks in cells",
        "picklists.csv",
        _text('Error Type,Details\r\n"Restricted picklist value","he said ""no, never""\r\nand left; or |"\r\n'),
        {"picklists": {"restricted_picklist_value": 1}},
    ),
    Case(
        "formulas in cells, made text",
        "picklists.csv",
        _text("Error Type,Details,HubSpot ID\nRestricted picklist value,'=HYPERLINK(\"x\"),'+101\n"),
        {"picklists": {"restricted_picklist_value": 1}},
    ),
    Case("the same rows twice", "picklists.csv", _text(_PLAIN + TWO), PICKLISTS),
    Case(
        "two categories in one file, by a column",
        "errors.csv",
        _text("Category,Error Type\nPicklists,Mismatched options\nDuplicates,Email already in use\nDuplikate,x\n"),
        {"picklists": {"mismatched_options": 1}, "duplicates": {"email_already_in_use": 1, "unknown": 1}},
    ),
    Case(
        "a type that nobody knows",
        "picklists.csv",
        _text("Error Type,HubSpot ID\nSomething new,1\nMismatched options,2\nInvalid email,3\n"),
        {"picklists": {"unknown": 2, "mismatched_options": 1}},
    ),
    Case("headings alone", "picklists.csv", _text(HEADINGS), {"picklists": {}}),
    Case(
        "odd rows among good ones",
        "picklists.csv",
        _text("Error Type,HubSpot ID\nMismatched options,1\nx\nMismatched options,2\nMismatched options,3,4,5\n\n,,\n"),
        {"picklists": {"mismatched_options": 2}},
        odd=2,
    ),
    Case(
        "ids that Excel has shortened",
        "picklists.csv",
        _text(
            "Error Type,HubSpot ID,Salesforce ID\nMismatched options,1.23457E+11,\nMismatched options,1,\n"
            'Mismatched options,"1,23E+11",\nMismatched options,123456789012,5003E00000123E5\n'
            "Mismatched options,3,5E+14\n"
            "Mismatched options,101.0,\nMismatched options,6,\nMismatched options,7,\nMismatched options,8,\n"
        ),
        {"picklists": {"mismatched_options": 5}},
        odd=4,
    ),
    Case(
        "ids of errors that Excel has shortened: made of the rest",
        "picklists.csv",
        _text("ID,Error Type,HubSpot ID\n1.23457E+11,Mismatched options,1\n1.23457E+11,Mismatched options,2\n"),
        {"picklists": {"mismatched_options": 2}},
    ),
    Case("empty rows behind the last", "picklists.csv", _text(_PLAIN + ",,,,,\r\n\r\n"), PICKLISTS),
    Case("no line break at the end", "picklists.csv", _text(_PLAIN.rstrip()), PICKLISTS),
    Case("in a zip", "export.zip", zipped({"picklists.csv": _text(_PLAIN)}), PICKLISTS),
    Case(
        "two in folders of a zip, and what a Mac adds",
        "export.zip",
        zipped(
            {
                "a/picklists.csv": _text(_PLAIN),
                "a/duplicates.csv": _text(HEADINGS),
                "__MACOSX/a/._picklists.csv": b"\0\0",
                "read.me": b"hello",
            }
        ),
        {**PICKLISTS, "duplicates": {}},
    ),
    Case(
        "cut off in a row",
        "picklists.csv",
        _text(_PLAIN[:-50]),
        problem="picklists.csv: line 3, column 2: the file is cut off: the last row has 2 of 6 cells",
    ),
    Case(
        "cut off in a quoted cell",
        "picklists.csv",
        _text(_PLAIN + 'Invalid value,"the value'),
        problem="picklists.csv: line 4: the file is cut off: a quoted cell has no end",
    ),
    Case("empty", "picklists.csv", b"", problem="picklists.csv: is empty"),
    Case(
        "nothing but zeros, as a full disk leaves it", "picklists.csv", bytes(4096), problem="picklists.csv: is empty"
    ),
    Case(
        "a picture",
        "picklists.csv",
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8,
        problem="picklists.csv: line 1: no heading tells the error type: got '‰PNG'; name it in sync_health.mapping",
    ),
    Case(
        "a web page",
        "picklists.csv",
        b"<!doctype html>\n<title>Log in</title>\n",
        problem="picklists.csv: is a web page; download the CSV itself, logged in to HubSpot",
    ),
    Case(
        "JSON",
        "picklists.csv",
        b'[{"error_type": "x"}]\n',
        problem="picklists.csv: is JSON; export the errors as CSV",
    ),
    Case(
        "a workbook",
        "picklists.xlsx",
        zipped({"xl/workbook.xml": b"<workbook/>"}),
        problem="picklists.xlsx: is an Excel workbook; save it as CSV",
    ),
    Case(
        "a workbook that is called CSV",
        "picklists.csv",
        zipped({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"}),
        problem="picklists.csv: is an Excel workbook; save it as CSV",
    ),
    Case(
        "a workbook of old that is called CSV",
        "picklists.csv",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        problem="picklists.csv: is an Excel workbook; save it as CSV",
    ),
    Case(
        "no headings",
        "picklists.csv",
        _text(TWO),
        problem="picklists.csv: line 1: no heading tells the error type: got 'Restricted picklist value, Industry: bad "
        "value, Jane Doe, 1, 101, 0035g00000AbCd'; name it in sync_health.mapping",
    ),
    Case(
        "rows that are not as the headings say",
        "picklists.csv",
        _text("Error Type,Details\nx\ny\nMismatched options,z\n"),
        problem="picklists.csv: has 2 rows of 3 that are not as the headings say: line 2 has 1 of 2 cells; "
        "line 3 has 1 of 2 cells",
    ),
    Case(
        "one row, and it is odd",
        "duplicates.csv",
        _text("ID,Error Type,HubSpot ID\ne1,Email already in use,1.23457E+11\n"),
        part="duplicates",
        problem="duplicates.csv: has 1 row of 1 that is not as the headings say: line 2 HubSpot ID is no number; Excel "
        "has shortened it",
    ),
    Case(
        "half of the rows odd",
        "picklists.csv",
        _text("Error Type,HubSpot ID\nMismatched options,1\nMismatched options,1.23457E+11\n"),
        {"picklists": {"mismatched_options": 1}},
        odd=1,
    ),
    Case(
        "no rows and no category",
        "export.csv",
        _text(HEADINGS),
        part="files",
        problem="export.csv: has no rows, and neither its name nor a row says of which category it is",
    ),
    Case(
        "a zip with a password",
        "picklists.zip",
        zipped({"picklists.csv": _text(_PLAIN)}, password=True),
        problem="picklists.zip: is an encrypted zip",
    ),
    Case(
        "a zip that leads out of the folder",
        "picklists.zip",
        zipped({"../../etc/picklists.csv": _text(_PLAIN)}),
        problem="picklists.zip: is a zip with a file outside of its own folders",
    ),
    Case(
        "a zip bomb",
        "picklists.zip",
        zipped({"picklists.csv": bytes(20_000_000)}),
        problem="picklists.zip: is a zip that unpacks to more than 1000 times its size",
    ),
    Case(
        "a zip that is cut off",
        "picklists.zip",
        zipped({"picklists.csv": _text(_PLAIN)})[:-40],
        problem="picklists.zip: is a zip that cannot be read (BadZipFile)",
    ),
    Case(
        "a zip by bzip2 that is broken inside",
        "picklists.zip",
        _damaged(zipfile.ZIP_BZIP2),
        problem="picklists.zip/picklists.csv: is a zip that cannot be read (OSError)",
    ),
    Case(
        "a zip by LZMA that is broken inside",
        "picklists.zip",
        _damaged(zipfile.ZIP_LZMA),
        problem="picklists.zip/picklists.csv: is a zip that cannot be read (LZMAError)",
    ),
    Case(
        "a zip whose file lies before its beginning",
        "picklists.zip",
        _displaced(),
        problem="picklists.zip/picklists.csv: is a zip that cannot be read (OSError)",
    ),
    Case(
        "a zip with a file that has no name",
        "export.zip",
        zipped({"@@@@": b"x", "picklists.csv": _text(_PLAIN)}).replace(b"@@@@", bytes(4)),
        PICKLISTS,
    ),
    Case(
        "a zip without CSV",
        "picklists.zip",
        zipped({"picklists.xlsx": b"x"}),
        problem="picklists.zip: holds no CSV file",
    ),
    Case("no zip", "picklists.zip", _text(_PLAIN), problem="picklists.zip: is a zip that cannot be read (BadZipFile)"),
)
"""What each gives."""
