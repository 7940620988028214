#!/usr/bin/env python3
"""A Hadoop Streaming mapper for the sales exports as people write it: standard library, line by line.

It does what `mapper --spec testdata/specs/sales.toml` does and writes the same ok and reject lines.
Its seal has no checksum and no byte count: the standard library has no XXH3.

    python3 mapper.py < sales.csv > temp.tsv
"""

import base64
import csv
import json
import os
import re
import sys
from collections import Counter
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

HEADER = [
    "Region", "Country", "Item Type", "Sales Channel", "Order Priority", "Order Date", "Order ID",
    "Ship Date", "Units Sold", "Unit Price", "Unit Cost", "Total Revenue", "Total Cost", "Total Profit",
]
MAX_RECORD = 4096
REGIONS = {
    "SUB-SAHARAN AFRICA": ["SSA", "SUB SAHARAN AFRICA"],
    "MIDDLE EAST AND NORTH AFRICA": ["MENA"],
    "EUROPE": ["EUR"],
    "ASIA": ["APAC"],
    "CENTRAL AMERICA AND THE CARIBBEAN": ["CAC"],
    "AUSTRALIA AND OCEANIA": ["ANZ"],
    "NORTH AMERICA": ["NA"],
}
LABELS = {alias: region for region, aliases in REGIONS.items() for alias in [region, *aliases]}
CHANNELS = {"Online": "Online", "Offline": "Offline"}
PRIORITIES = {"C": "C", "H": "H", "M": "M", "L": "L"}

# What datetime and Decimal take is wider (" 3/ 4/2024", "1e3", "1_000", "NaN"): the form comes first.
DATE = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})").fullmatch
NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?").fullmatch
INTEGER = re.compile(r"[+-]?[0-9]+").fullmatch
CENT = Decimal("0.01")
ZERO = Decimal("0.00")
TOO_MUCH = Decimal(10) ** 16


class Reject(Exception):
    """A record that can't be taken: why, and which column it was."""

    def __init__(self, reason, column=""):
        super().__init__(reason, column)
        self.reason, self.column = reason, column


def present(text, column):
    text = text.strip()
    if not text:
        raise Reject("required", column)
    return text


def label(text, labels, column, upper=True):
    text = " ".join(present(text, column).split())
    try:
        return labels[text.upper() if upper else text]
    except KeyError:
        raise Reject("region", column) from None


def day(text, column):
    match = DATE(present(text, column))
    try:
        month, day_, year = match.groups()
        return date(int(year), int(month), int(day_)).isoformat()
    except (AttributeError, ValueError):
        raise Reject("date", column) from None


def money(text, column):
    text = present(text, column)
    if not NUMBER(text):
        raise Reject("money", column)
    try:
        # Exact: only the result must fit the context's 28 digits, and 18 are allowed.
        amount = Decimal(text).quantize(CENT, ROUND_HALF_UP)
    except InvalidOperation:
        raise Reject("money", column) from None
    if abs(amount) >= TOO_MUCH:
        raise Reject("money", column)
    return amount or ZERO  # not -0.00


def integer(text, column):
    text = present(text, column)
    if not INTEGER(text):
        raise Reject("integer", column)
    number = int(text)
    if not -(2**63) <= number < 2**63:
        raise Reject("integer", column)
    return number


def required(text, column):
    if not text:
        raise Reject("required", column)
    return text


def escape(text):
    if "\\" in text or "\t" in text:
        text = text.replace("\\", "\\\\").replace("\t", "\\\t")
    return text


def convert(row):
    """The columns of a row as gold wants them; raises Reject at the first that is not good."""
    region = label(row[0], LABELS, "region")
    country = required(row[1], "country")
    item = required(row[2], "item_type")
    if len(item) > 40:
        raise Reject("length", "item_type")
    channel = label(row[3], CHANNELS, "sales_channel", upper=False)
    priority = label(row[4], PRIORITIES, "order_priority")
    ordered = day(row[5], "order_date")
    order_id = integer(row[6], "order_id")
    shipped = day(row[7], "ship_date")
    units = integer(row[8], "units_sold")
    if units < 0:
        raise Reject("range", "units_sold")
    price = money(row[9], "unit_price")
    cost = money(row[10], "unit_cost")
    revenue = money(row[11], "total_revenue")
    total_cost = money(row[12], "total_cost")
    profit = money(row[13], "total_profit")
    if shipped < ordered:
        raise Reject("rule", "shipped_after_order")
    return (
        region, escape(country), escape(item), channel, priority, ordered, order_id, shipped, units,
        price, cost, revenue, total_cost, profit,
    )


def split(text):
    """The fields of one line. A line without quotes needs no CSV reader."""
    if '"' not in text:
        return text.split(",")
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error:
        raise Reject("quote") from None


def read(line):
    """The fields of a record; None for a header."""
    if len(line) > MAX_RECORD:
        raise Reject("too_long")
    try:
        text, valid = line.decode(), True
    except UnicodeDecodeError:
        text, valid = line.decode("latin-1"), False
    row = split(text)
    if row == HEADER:
        return None
    if len(row) != len(HEADER):
        raise Reject("field_count")
    if not valid:
        raise Reject("encoding")
    return row


def main():
    file = os.environ.get("mapreduce_map_input_file", "-")
    start = int(os.environ.get("mapreduce_map_input_start", "0"))
    out = sys.stdout
    out.reconfigure(encoding="utf-8", errors="surrogateescape", newline="\n")
    lines = records = ok = blank = headers = 0
    rejected = Counter()
    revenue = profit = Decimal(0)
    for line in sys.stdin.buffer:
        line = line.rstrip(b"\n").removesuffix(b"\r")
        lines += 1
        if lines == 1 and start == 0:
            line = line.removeprefix(b"\xef\xbb\xbf")
        if not line:
            blank += 1
            continue
        records += 1
        try:
            row = read(line)
            if row is None:
                headers += 1
                records -= 1
                continue
            columns = convert(row)
        except Reject as reject:
            rejected[reject.reason, reject.column] += 1
            raw = line[:MAX_RECORD]
            raw = base64.b64encode(raw) if reject.reason == "encoding" else raw
            raw = escape(raw.decode("utf-8", "surrogateescape"))
            out.write(f"{reject.reason}\t{reject.column}\t{escape(file)}\t{start}\t{records}\t{raw}\n")
            continue
        ok += 1
        revenue += columns[11]
        profit += columns[13]
        out.write("ok\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t%s\t%d\t%s\t%s\t%s\t%s\t%s\n" % columns)
    by_reason = {}
    for (reason, column), count in rejected.items():
        by_reason.setdefault(reason, {})[column] = count
    seal = {
        "kind": "map", "file": file, "split_start": start, "lines": lines, "records": records, "ok": ok,
        "rejected": by_reason, "replaced": {}, "blank": blank, "headers": headers,
        "totals": {"total_revenue": str(revenue), "total_profit": str(profit)},
    }
    out.write(f"seal\t{escape(json.dumps(seal))}\n")
    out.flush()


if __name__ == "__main__":
    main()
