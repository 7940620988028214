#!/usr/bin/env python3
"""The mapper for the sales exports in DuckDB's SQL, on one thread.

It writes the ok lines of `mapper --spec testdata/specs/sales.toml` and drops every other record.

    python3 mapper_duckdb.py < sales.csv > temp.tsv
"""

from pathlib import Path

import duckdb

connection = duckdb.connect(config={"threads": 1})
connection.execute(Path(__file__).with_suffix(".sql").read_text())
