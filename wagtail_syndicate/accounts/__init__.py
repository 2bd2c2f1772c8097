"""Accounts: connecting them, sealing their credentials, keeping their access fresh, saying who may use them."""
