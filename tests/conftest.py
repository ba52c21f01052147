"""Lets every test import the builders that lie beside this file (``building``, ``batches``), and runs the servers."""

import pytest

from servers import run_servers


@pytest.fixture(scope="session")
def servers():
    """Database servers by kind; each is started by the first test that needs it."""
    yield from run_servers()
