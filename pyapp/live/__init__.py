"""From the event log to clients: one reader a process, many WebSockets and streams."""
