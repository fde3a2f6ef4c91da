# The development Rucio of test/servers/rucio, with its seed: a real server, for trying things out, not for keeping data.
FROM node:20-bookworm-slim
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates curl openssl postgresql-15 procps python3 python3-venv util-linux \
  && rm -rf /var/lib/apt/lists/*
ENV RUCIO_DEV_CACHE=/opt/rucio-dev RUCIO_DEV_STATE=/state
COPY test/servers/rucio /rucio
# Installs what it needs; the state it makes on the way is not part of the image.
RUN /rucio/start >/dev/null && /rucio/stop --wipe
COPY .docker/rucio-entrypoint /usr/local/bin/rucio-entrypoint
VOLUME /state
HEALTHCHECK --interval=5s --timeout=5s --start-period=120s --retries=6 \
  CMD test -e /state/.seeded && curl -fsS http://127.0.0.1:18080/ping
CMD ["/usr/local/bin/rucio-entrypoint"]
