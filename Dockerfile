# syntax=docker/dockerfile:1
FROM python:3.12-slim AS build
WORKDIR /src
COPY requirements.lock pyproject.toml README.md LICENSE CHANGELOG.md ./
RUN python -m venv /opt/scoville && /opt/scoville/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY sql sql
COPY migrations migrations
COPY pyapp pyapp
RUN /opt/scoville/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.12-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/scoville --create-home scoville
COPY --from=build /opt/scoville /opt/scoville
ENV PATH=/opt/scoville/bin:$PATH SCOVILLE_HOST=0.0.0.0 SCOVILLE_DATA_DIR=/var/lib/scoville PYTHONUNBUFFERED=1
USER scoville
WORKDIR /var/lib/scoville
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
# DATABASE_URL and the key come from outside; `migrate` and `worker` are the other two commands of the same image.
CMD ["scoville", "serve"]
