"""``python -m shuyuan.orchestration.stack.bucket``: make the bucket that ``SHUYUAN_STAGING`` names, if it is not there.

It asks the server that ``AWS_ENDPOINT_URL_S3`` names, as the workers do.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from pyarrow.fs import S3FileSystem


def make_bucket(environment: Mapping[str, str]) -> None:
    """Make the bucket of an ``s3://bucket/prefix`` address; making it again does no harm."""
    endpoint = urlsplit(environment["AWS_ENDPOINT_URL_S3"])
    server = S3FileSystem(
        endpoint_override=endpoint.netloc,
        scheme=endpoint.scheme,
        region=environment["AWS_REGION"],
        allow_bucket_creation=True,
    )
    server.create_dir(urlsplit(environment["SHUYUAN_STAGING"]).netloc)


if __name__ == "__main__":
    make_bucket(os.environ)
