"""Who may do what on the bus: rights from declarations, credentials on disk, the server's configuration."""
