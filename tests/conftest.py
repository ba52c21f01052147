"""Lets every test import the builders that lie beside this file (``building``, ``batches``)."""
