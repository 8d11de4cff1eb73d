"""What both dialects read by: mappings of fields, numbers with units, times, states and the shapes of JSON."""
