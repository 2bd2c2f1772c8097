"""The life of a delivery: planned, guarded, sent, and, where the outcome is unclear, found out."""
