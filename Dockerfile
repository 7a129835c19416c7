# One image for all workloads: each container gives the words after `millrace`, e.g. `serving serve`. It holds Node, the
# libraries that Node and its addons name, the dependencies and the code; no shell, no package manager, nobody's root.
#
#   docker build --build-arg COMMIT="$(git rev-parse HEAD)" -t registry.example.org/millrace:0.1.0 .

# Any Debian or Ubuntu with npm; the image's own Node comes from the lock file.
ARG BASE_IMAGE=docker.io/library/node
ARG BASE_TAG=24.21.0-bookworm-slim

FROM ${BASE_IMAGE}:${BASE_TAG} AS build
WORKDIR /opt/millrace
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund
COPY . .
RUN ["node_modules/.bin/node", "scripts/image-root.ts", "/image", "20001"]

FROM scratch
ARG COMMIT=unknown
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="millrace" \
      org.opencontainers.image.description="A production ML platform as one TypeScript program: all of its workloads" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${COMMIT}"
COPY --from=build /image /
# The one place that is writable where the root is read-only.
ENV NODE_ENV=production \
    HOME=/tmp \
    MILLRACE_DATA_DIR=/tmp/millrace
WORKDIR /opt/millrace
USER 20001:20001
EXPOSE 8080
# For those who run it without Kubernetes, which asks /startupz, /readyz and /healthz itself.
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s CMD ["/usr/local/bin/node", "--eval", "fetch(`http://127.0.0.1:${process.env.MILLRACE_HTTP_PORT ?? 8080}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["/usr/local/bin/node", "/opt/millrace/bin/millrace.ts"]
CMD ["--help"]
