"""What the SEMS+ portal says of the plants."""
