#!/usr/bin/env python3
"""The mapper for the sales exports in Polars, on one thread.

It writes the ok lines of `mapper --spec testdata/specs/sales.toml` and drops every other record.

    POLARS_MAX_THREADS=1 python3 mapper_polars.py < sales.csv > temp.tsv
"""

import sys

import polars as pl

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
COLUMNS = [
    "region", "country", "item_type", "sales_channel", "order_priority", "order_date", "order_id", "ship_date",
    "units_sold", "unit_price", "unit_cost", "total_revenue", "total_cost", "total_profit",
]
AMOUNT = pl.Decimal(18, 2)


def label(column):
    return pl.col(column).str.replace_all(r"\s+", " ").str.strip_chars()


def day(column):
    return pl.col(column).str.strip_chars().str.to_date("%m/%d/%Y", strict=False)


def number(column, kind):
    return pl.col(column).str.strip_chars().cast(kind, strict=False)


rows = (
    pl.scan_csv(sys.stdin.buffer, infer_schema=False, new_columns=COLUMNS)
    .select(
        label("region").str.to_uppercase().replace_strict(LABELS, default=None),
        pl.col("country", "item_type"),
        label("sales_channel"),
        label("order_priority").str.to_uppercase(),
        day("order_date"),
        number("order_id", pl.Int64),
        day("ship_date"),
        number("units_sold", pl.Int64),
        *[number(column, AMOUNT) for column in COLUMNS[9:]],
    )
    .filter(
        pl.all_horizontal(pl.all().is_not_null()),
        pl.col("item_type").str.len_chars() <= 40,
        pl.col("sales_channel").is_in(["Online", "Offline"]),
        pl.col("order_priority").is_in(["C", "H", "M", "L"]),
        pl.col("ship_date") >= pl.col("order_date"),
        pl.col("units_sold") >= 0,
    )
    .select(pl.lit("ok").alias("status"), pl.all())
)
rows.sink_csv(sys.stdout.buffer, include_header=False, separator="\t", quote_style="never", maintain_order=True)
