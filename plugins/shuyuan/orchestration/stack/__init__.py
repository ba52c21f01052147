"""The production stack of ``docker-compose.yml``: its secrets, and the same services as processes of this machine."""
