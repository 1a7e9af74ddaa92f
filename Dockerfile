# One image for every service of docker-compose.yml; the servers are services of their own there.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 GOVSITE_DATA_DIR=/data
WORKDIR /app
RUN useradd --create-home governed && mkdir /data && chown governed /data

COPY requirements.txt constraints.txt ./
RUN pip install --no-cache-dir --constraint constraints.txt --requirement requirements.txt

COPY . .
USER governed
VOLUME /data
ENTRYPOINT ["python", "manage.py"]
