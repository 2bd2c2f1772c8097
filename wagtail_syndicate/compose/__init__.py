"""From a page to a post: what a page says, what is worth keeping, how a network counts it.

No database models, no queue, no network: frozen values in, frozen values out.
"""
