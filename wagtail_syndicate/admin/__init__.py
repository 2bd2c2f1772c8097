"""What people see in the Wagtail admin."""
