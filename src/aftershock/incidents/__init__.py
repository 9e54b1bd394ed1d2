"""The record of an incident: its events and what they add up to, its life, its clocks, and where it is kept.

The only room that imports a database's library, and only once a store is opened.
"""
