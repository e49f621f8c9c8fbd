"""Loads the fixtures that controls and tests share."""

pytest_plugins = ["fixtures.target"]
