"""A plant that obeys physics: sun, house, batteries, and the grid as the remainder."""
