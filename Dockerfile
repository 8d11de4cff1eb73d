# The exporter and what it runs with, on a plain Python. docs/deployment.md tells how to run it.
#
# A tag can be given to another image at any time; a digest cannot. To build on one that you have looked at:
#   docker build --build-arg BASE=python:3.13-slim@sha256:... .
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
WORKDIR /source

# pip and the build backend come first, with hashes, so that nothing unpinned installs or builds the rest.
COPY requirements/build.txt requirements/
RUN python -m venv /build \
    && /build/bin/pip install --no-cache-dir --require-hashes -r requirements/build.txt

# Everything becomes a wheel first, so that what has none for this processor (PyYAML on a 32-bit Raspberry Pi) is built
# with the setuptools of above. It then needs neither compiler nor libyaml. This layer is kept until a dependency changes.
#
# With `--build-arg REQUIREMENTS=replicas` it also has what exporters need that share a store (docs/replicas.md).
ARG REQUIREMENTS=runtime
COPY requirements/runtime.txt requirements/replicas.txt requirements/
RUN PYYAML_FORCE_LIBYAML=0 /build/bin/pip wheel --no-cache-dir --no-build-isolation --require-hashes \
        -r requirements/${REQUIREMENTS}.txt --wheel-dir /dependencies \
    && python -m venv --without-pip /opt/sems_exporter \
    && /build/bin/pip --python /opt/sems_exporter/bin/python install --no-cache-dir --no-deps --no-index /dependencies/*.whl

COPY pyproject.toml README.md LICENSE ./
COPY sems_exporter sems_exporter
COPY prometheus prometheus
COPY grafana/dashboards grafana/dashboards
COPY grafana/build grafana/build
COPY languages languages
COPY tools/build_hook.py tools/
RUN /build/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels . \
    && /build/bin/pip --python /opt/sems_exporter/bin/python install --no-cache-dir --no-deps /wheels/*.whl

FROM ${BASE}
ARG BASE
ARG VERSION=unreleased
ARG REVISION=unknown
LABEL org.opencontainers.image.title="sems-exporter" \
      org.opencontainers.image.description="Prometheus exporter for GoodWe solar plants, read from the SEMS+ cloud" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="${BASE}"

COPY --from=build /opt/sems_exporter /opt/sems_exporter
# Made here, because a new volume takes owner and mode from the image.
RUN install -d -o 65532 -g 65532 -m 0700 /var/lib/sems_exporter

# PYTHONDONTWRITEBYTECODE: the root is to be mounted read-only, and pip has compiled everything already.
ENV PATH=/opt/sems_exporter/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    SEMS_STATE_DIR=/var/lib/sems_exporter
# A number, so that Kubernetes can see that it is not root.
USER 65532:65532
VOLUME /var/lib/sems_exporter
EXPOSE 10736

# As `sems-exporter healthy`, without the command line, which would cost thrice as much every ten seconds. The route tells
# whether the exporter answers, not whether the portal does, so an outage there restarts nothing.
HEALTHCHECK --interval=10s --timeout=10s --start-period=20s --retries=3 CMD ["python", "-c", "\
import sys; from sems_exporter.cli.healthcheck import main; sys.exit(main())"]

ENTRYPOINT ["sems-exporter"]
