"""The SQL of a recovery: windows and keys replaced, duplicates removed, copies made, snapshots mended. :mod:`aftershock.sql.repair` is its front."""
