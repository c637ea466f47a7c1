"""Values and rules: no Django, sockets, files or clock (time is an argument)."""
