"""People at the real sandbox, in a real browser: site, worker and networks are processes of their own."""
