# The images of docker-compose.yml. `platform`: the locked requirements and the package; `frontend`: an SFTP machine.
FROM python:3.12.11-slim-bookworm AS platform
ENV PYTHONUNBUFFERED=1 TZ=UTC
WORKDIR /srv/shuyuan
COPY requirements.txt requirements-bootstrap.txt ./
RUN pip install --no-cache-dir --require-hashes -r requirements-bootstrap.txt \
 && uv pip install --system --no-cache --require-hashes --compile-bytecode -r requirements.txt
COPY pyproject.toml ./
COPY deploy ./deploy
COPY plugins ./plugins
COPY dags ./dags
RUN uv pip install --system --no-cache --no-deps -e . && python -m compileall -q plugins dags
USER 50000:0
ENTRYPOINT ["/srv/shuyuan/deploy/bin/entrypoint"]

FROM python:3.12.11-slim-bookworm AS frontend
RUN apt-get update \
 && apt-get install -y --no-install-recommends openssh-server \
 && rm -rf /var/lib/apt/lists/* /etc/ssh/ssh_host_* \
 && useradd --uid 50000 --gid 0 --no-create-home --home-dir /out --shell /usr/sbin/nologin --password '*' delivery
COPY deploy/frontend/sshd_config /etc/ssh/sshd_config
USER 50000:0
ENTRYPOINT ["/usr/sbin/sshd", "-D", "-e"]
