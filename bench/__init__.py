"""Measurements: aftershock beside dbt and the field's other tools, and dbt's own graph as oracle.

Nothing here is part of the wheel. `make bench` runs `python -m bench.run`.
"""
