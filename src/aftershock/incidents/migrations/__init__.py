"""How a store of an older aftershock becomes one of this: Alembic's environment, and a revision for each version of the schema."""
