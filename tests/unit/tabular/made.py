"""Files as systems, people and attackers make them, written by code: small, and none of them kept."""

import gzip
import io
import struct
import zipfile

import openpyxl

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SS = "urn:schemas-microsoft-com:office:spreadsheet"


def book(*rows, **change):
    """An XLSX of one sheet; `change` may hold `edit`, which is given the workbook."""
    made = openpyxl.Workbook()
    made.active.title = "A"
    for row in rows:
        made.active.append(row)
    if edit := change.get("edit"):
        edit(made)
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def edited(raw, part, change):
    """An archive with one part changed; None takes it away."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = change(old.read(name)) if name == part else old.read(name)
            if content is not None:
                new.writestr(name, content)
    return file.getvalue()


def sheet_xml(inside, behind=b"", head=b""):
    """An XLSX whose sheet is what is given."""
    xml = head + b'<worksheet xmlns="%s"><sheetData>%s</sheetData>%s</worksheet>' % (MAIN.encode(), inside, behind)
    return edited(book(["a"]), "xl/worksheets/sheet1.xml", lambda _: xml)


def zipped(**files):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in files.items():
            archive.writestr(name.replace("__", "."), raw)
    return file.getvalue()


def bomb(megabytes=400):
    """A zip of some hundred kilobytes that unpacks to so many megabytes."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.csv", "w") as member:
        for _ in range(megabytes):
            member.write(b"\0" * (1 << 20))
    return file.getvalue()


def gz_bomb(megabytes=300):
    file = io.BytesIO()
    with gzip.open(file, "wb", compresslevel=9) as member:
        for _ in range(megabytes):
            member.write(b"," * (1 << 20))
    return file.getvalue()


def many_members(count):
    """An archive whose list of names is long, with nothing in it."""
    entry = b"PK\x01\x02" + bytes(24) + struct.pack("<HHHHHII", 1, 0, 0, 0, 0, 0, 0) + b"a"
    entries = entry * count
    return (
        b"PK\x03\x04"
        + bytes(26)
        + entries
        + b"PK\x05\x06"
        + struct.pack("<HHHHIIH", 0, 0, count & 0xFFFF, count & 0xFFFF, len(entries), 30, 0)
    )


def lying(raw):
    """An archive whose first member says that it is larger than it is."""
    at = raw.index(b"PK\x01\x02") + 24
    return raw[:at] + struct.pack("<I", 10 << 20) + raw[at + 4 :]


def xml_2003(rows, name="表"):
    return (
        f'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook xmlns="{SS}" xmlns:ss="{SS}">'
        f'<Worksheet ss:Name="{name}"><Table>{rows}</Table></Worksheet></Workbook>'
    ).encode()


def page(table, charset="utf-8"):
    return f'<html><head><meta charset="{charset}"></head><body>{table}</body></html>'.encode(charset)
