"""Tables as texts, pages and workbooks."""

import csv
import io

import openpyxl


def text(rows, separator=",", head=""):
    file = io.StringIO()
    csv.writer(file, delimiter=separator).writerows(rows)
    return head + file.getvalue()


def page(rows, charset):
    cells = ["<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows]
    meta = f'<meta http-equiv="Content-Type" content="text/html; charset={charset}">'
    return (f"<html><head>{meta}</head><body><table>" + "".join(cells) + "</table></body></html>").encode(charset)


def book(**sheets):
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()
