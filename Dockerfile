# The package, the same folder that the workflow publishes, on Azure's own image. How to run it: docs/container.md
ARG BASE_IMAGE=mcr.microsoft.com/azure-functions/python:4-python3.13

FROM ${BASE_IMAGE} AS package
WORKDIR /src
# The packages first: they stay cached until their lock, the model or their build changes. They are those of its runtime.
COPY .python-version requirements.txt ./
COPY tools/__init__.py tools/__main__.py tools/bootstrap.py tools/errors.py tools/uv.txt tools/
COPY tools/package tools/package
COPY model model
RUN python3 -m tools package --dependencies
COPY .funcignore function_app.py host.json ./
COPY shared shared
ARG BUILD_ID
# Separate, so that they become a layer of their own below.
RUN python3 -m tools package && mv dist/egl-ml/.python_packages dist/packages

FROM ${BASE_IMAGE}
# A port that needs no root; no page of Azure's at `/`; host keys in files, since there may be no storage account (the last
# variable is a kind of store, not a secret).
# hadolint ignore=DL3064
ENV ASPNETCORE_URLS=http://+:8080 \
    AzureFunctionsJobHost__Logging__Console__IsEnabled=true \
    AzureWebJobsDisableHomepage=true \
    AzureWebJobsSecretStorageType=files
# The folders where the host writes, besides /tmp; everything else belongs to root and stays unchanged.
RUN mkdir -p /home/LogFiles /home/data /azure-functions-host/Secrets \
    && chown 1000:1000 /home/LogFiles /home/data /azure-functions-host/Secrets
COPY --from=package /src/dist/packages /home/site/wwwroot/.python_packages
COPY --from=package /src/dist/egl-ml /home/site/wwwroot
USER 1000:1000
EXPOSE 8080
# The host itself instead of the image's start script, in which bash would be the first process and ignore SIGTERM: after the
# grace period the container would be killed, with its requests. The script's other line installs certificates, as root.
CMD ["/azure-functions-host/Microsoft.Azure.WebJobs.Script.WebHost"]
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["curl", "--fail", "--silent", "--show-error", "--output", "/dev/null", "http://127.0.0.1:8080/health/ready"]
