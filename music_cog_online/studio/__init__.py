"""The embedded engine: the same HTTP API as the cloud, served and carried out on this machine."""
