# The command line and the Python API with the bundled model, for a user without rights.
FROM python:3.13-slim AS build
COPY . /source
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels /source

FROM python:3.13-slim
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels pip install --no-cache-dir /wheels/*.whl pillow-heif
USER 10001:10001
ENTRYPOINT ["mobileiqa"]
CMD ["--help"]
