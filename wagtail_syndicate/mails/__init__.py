"""Mails to people, of posts that failed and accounts that need somebody: sent by whoever sweeps, never by a request."""
