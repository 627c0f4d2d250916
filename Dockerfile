# One image for every process; docker-compose.yml says which one each container is.
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 \
    MALLOC_ARENA_MAX=2 \
    DJANGO_SETTINGS_MODULE=leadrails.settings

RUN useradd --system --create-home --home-dir /app leadrails \
    && install -d -o leadrails -g leadrails /data
WORKDIR /app

# Before the code, so that a change of the code alone reuses this layer.
COPY requirements.lock ./
RUN pip install --no-cache-dir --no-deps --require-hashes -r requirements.lock

COPY . .
# DEBUG only here: collecting files needs no secrets, and none may be in an image.
RUN python -m compileall -q leadrails destinations webhooks \
    && DEBUG=1 python manage.py collectstatic --no-input --verbosity 0

USER leadrails
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "--no-ws", "--host", "0.0.0.0", "--port", "8000", \
     "--workers", "2", "--blocking-threads", "4", "--respawn-failed-workers", \
     "leadrails.wsgi:application"]
