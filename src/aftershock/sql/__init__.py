"""SQL -> a small description of what a query reads and where. Only :mod:`aftershock.sql.reading` and what it uses import sqlglot."""
