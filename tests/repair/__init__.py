"""Two warehouses from one start: one that has an incident and is repaired, and one that never had it."""
