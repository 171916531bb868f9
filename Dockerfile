# One image for every process of ours; docker-compose.yml says which one a container runs.

FROM python:3.12-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /source

# Wheels only, each checked against its hash: no compiler, and nothing that was not pinned.
COPY requirements requirements
RUN python -m venv --without-pip /opt/ticket-worker \
    && pip --python /opt/ticket-worker/bin/python install --compile --only-binary :all: \
        --require-hashes --requirement requirements/run.lock
RUN pip install --only-binary :all: --require-hashes --requirement requirements/build.lock

COPY pyproject.toml README.md ./
COPY config config
COPY worker worker
COPY tasks tasks
COPY simulator simulator
COPY demo demo
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /wheel . \
    && pip --python /opt/ticket-worker/bin/python install --compile --no-deps --no-index /wheel/*.whl

# Learned here once, so that no container learns at its start.
RUN DATA_DIR=/var/lib/ticket-worker /opt/ticket-worker/bin/ticket-worker train \
    && mkdir /var/lib/ticket-worker/observe /var/lib/ticket-worker/reports

FROM python:3.12-slim
ENV PATH=/opt/ticket-worker/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DATA_DIR=/var/lib/ticket-worker
RUN groupadd --gid 10001 worker \
    && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin worker
COPY --from=build /opt/ticket-worker /opt/ticket-worker
COPY --from=build --chown=10001:10001 /var/lib/ticket-worker /var/lib/ticket-worker
WORKDIR /var/lib/ticket-worker
USER 10001:10001
CMD ["ticket-worker", "--help"]
