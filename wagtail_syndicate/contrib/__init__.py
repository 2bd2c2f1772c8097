"""Adapters to other packages, none of which is needed."""
