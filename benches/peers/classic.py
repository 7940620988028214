#!/usr/bin/env python3
"""The usual first mapper for the sales exports: what it can't read it replaces by a word.

It is the oracle for testdata/specs/classic.toml: both write the same rows. Where the usual script is
looser than the spec can be, a comment says what was made strict.

    python3 classic.py < sales.csv > clean.csv
"""

import csv
import re
import sys
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

HEADER = [
    "Region", "Country", "Item Type", "Sales Channel", "Order Priority", "Order Date", "Order ID",
    "Ship Date", "Units Sold", "Unit Price", "Unit Cost", "Total Revenue", "Total Cost", "Total Profit",
]
ORDER_DATE, SHIP_DATE, UNITS_SOLD, AMOUNTS = 5, 7, 8, range(9, 14)

# float() would take 1e3, NaN and 1_000 as well, and round 2.675 as the binary number below it.
NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def iso(text):
    text = text.strip()
    # strptime() would take a blank before the day.
    if " " in text:
        return "Invalid-Date"
    try:
        return datetime.strptime(text, "%m/%d/%Y").date().isoformat()
    except ValueError:
        return "Invalid-Date"


def whole(text, invalid):
    text = text.strip()
    if not NUMBER.fullmatch(text):
        return invalid
    try:
        number = int(Decimal(text).quantize(Decimal(1), ROUND_HALF_EVEN))
    except InvalidOperation:
        return invalid
    return str(number) if abs(number) < 10**18 else invalid


def rows(lines):
    """The records. A line that is none (bad quotes, bytes that are not UTF-8) is left out."""
    for line in lines:
        try:
            # One line, one record: over many lines a quote left open would swallow the rows below it.
            yield next(csv.reader([line.decode().rstrip("\r\n")], strict=True), [])
        except (UnicodeDecodeError, csv.Error):
            continue


def main():
    for row in rows(sys.stdin.buffer):
        row[:1] = [region.removeprefix("\ufeff") for region in row[:1]]
        if row == HEADER or len(row) != len(HEADER):
            continue
        row[0] = " ".join(row[0].split()).upper()
        for column in ORDER_DATE, SHIP_DATE:
            row[column] = iso(row[column])
        row[UNITS_SOLD] = whole(row[UNITS_SOLD], "Invalid-Units")
        for column in AMOUNTS:
            row[column] = whole(row[column], "Invalid-Amount")
        # The usual script forgets that a comma in "Korea, South" needs an escape.
        text = ",".join(field.replace("\\", "\\\\").replace(",", "\\,") for field in row)
        sys.stdout.buffer.write(text.encode() + b"\n")


if __name__ == "__main__":
    main()
