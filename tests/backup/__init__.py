"""What `salesbot backup` and `salesbot restore` promise."""
