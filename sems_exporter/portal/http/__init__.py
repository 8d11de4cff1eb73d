"""One exchange with the portal: sockets, deadlines, envelopes, and a name for everything that can go wrong."""
