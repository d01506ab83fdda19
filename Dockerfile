# The service in an image: no root, no compiler, and no more of the project than it runs on.
FROM python:3.11-slim AS packages
COPY requirements.txt ./
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt

FROM python:3.11-slim
RUN useradd --system --uid 10001 --no-create-home sclero && install --directory --owner sclero /data
COPY --from=packages /venv /venv
WORKDIR /service
COPY manage.py openapi.yaml pyproject.toml ./
COPY fixtures fixtures
COPY sclero_service sclero_service
COPY api api
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 DATABASE_URL=sqlite:////data/db.sqlite3
VOLUME /data
USER 10001
EXPOSE 8000
HEALTHCHECK --start-period=90s --interval=10s --timeout=5s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
ENTRYPOINT ["python", "manage.py", "up", "--host", "0.0.0.0"]
