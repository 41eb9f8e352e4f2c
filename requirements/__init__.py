"""What the project is made of: locks, and what is asked of them."""
