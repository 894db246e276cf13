"""The history of the tables, one step a file, for Alembic.

A step says what it means in plain SQL types and never imports the tables: they go on changing, a
step that people have applied does not.
"""
