"""From the event log to clients: one reader per process, many WebSockets and streams."""
