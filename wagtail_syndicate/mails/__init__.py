"""Mails to people, of posts that failed and accounts that need somebody. Whoever sweeps sends them, no request."""
