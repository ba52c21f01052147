# The image of docker-compose.yml: the locked requirements, the package, nothing that compiles.
FROM python:3.12-slim-bookworm
ENV PYTHONUNBUFFERED=1 TZ=UTC
WORKDIR /srv/shuyuan
COPY requirements.txt requirements-bootstrap.txt ./
RUN pip install --no-cache-dir --require-hashes -r requirements-bootstrap.txt \
 && uv pip install --system --no-cache --require-hashes --compile-bytecode -r requirements.txt
COPY pyproject.toml ./
COPY plugins ./plugins
COPY dags ./dags
RUN uv pip install --system --no-cache --no-deps -e . \
 && mkdir -p var && chown -R 50000:0 var
USER 50000:0
