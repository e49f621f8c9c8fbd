# The suite itself as an image, for pipelines; `ci/image` builds it:
#   docker run --rm -v "$PWD:/work" --user "$(id -u):$(id -g)" pacs-hardening gate --target pacs.toml --report report
# No package index is asked from inside: ci/image lays every wheel, checked against requirements.lock, into build/image.
FROM debian:bookworm-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends python3 python3-venv
COPY build/image /wheels
RUN python3 -m venv /opt/pacs-hardening \
 && /opt/pacs-hardening/bin/pip install --quiet --no-index --find-links /wheels pacs-hardening \
 && /opt/pacs-hardening/bin/pip check \
 && /opt/pacs-hardening/bin/pip uninstall --quiet --yes pip setuptools

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends python3 openssh-client \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* && install -d -m 0755 -o 10010 -g 10010 /work
COPY --from=build /opt/pacs-hardening /opt/pacs-hardening
ENV PATH=/opt/pacs-hardening/bin:$PATH HOME=/tmp PYTHONDONTWRITEBYTECODE=1
USER 10010:10010
WORKDIR /work
ENTRYPOINT ["pacs-hardening"]
CMD ["--help"]
